;;; xenscmi.el --- xl.cfg, host.toml, plan.toml and device trees of a Xen host, with Eglot -*- lexical-binding: t -*-

;; Emacs 29 or newer: (load "/path/to/xenscmi.el"); then M-x eglot in a file of the host.

;;; Code:

(require 'eglot)

(define-derived-mode xl-cfg-mode conf-unix-mode "xl.cfg"
  "Major mode for xl.cfg files.")

(add-to-list 'auto-mode-alist '("\\.cfg\\'" . xl-cfg-mode))

(add-to-list 'eglot-server-programs
             '((xl-cfg-mode conf-toml-mode toml-ts-mode dts-mode) . ("xenscmi" "lsp")))

(provide 'xenscmi)
;;; xenscmi.el ends here
