---@brief
---
--- https://github.com/leakwright/leakwright
---
--- Finds memory leaks, unbounded growth and unreleased resources in Python, and mends them.
---
--- Install it with `cargo install --git https://github.com/leakwright/leakwright leakwright`.

---@type vim.lsp.Config
return {
  cmd = { 'leakwright', 'server' },
  filetypes = { 'python' },
  root_markers = { 'leakwright.toml', '.leakwright.toml', 'pyproject.toml', '.git' },
  settings = {},
}
