-- Neovim 0.11 or newer: put this into ~/.config/nvim/lsp/xenscmi.lua, and `vim.lsp.enable("xenscmi")` into init.lua.
-- Files named *.cfg have the file type "cfg", host.toml has "toml", device trees have "dts".
return {
  cmd = { "xenscmi", "lsp" },
  filetypes = { "cfg", "toml", "dts" },
  root_markers = { "host.toml" },
  workspace_required = true,
}
