-- Neovim 0.11 or newer: put this into ~/.config/nvim/lsp/xenscmi.lua, and `vim.lsp.enable("xenscmi")` into init.lua.
-- Files named *.cfg have the file type "cfg", host.toml and plan.toml have "toml", device trees have "dts".
-- To fix what is safe when a file is saved, call vim.lsp.buf.code_action with context = { only = { "source.fixAll.xenscmi" } }
-- and apply = true in a BufWritePre autocommand.
return {
  cmd = { "xenscmi", "lsp" },
  filetypes = { "cfg", "toml", "dts" },
  root_markers = { "host.toml", "plan.toml" },
  workspace_required = true,
}
