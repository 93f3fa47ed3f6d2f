-- Tells the server of changed configuration. Neovim watches no files by default on some systems, so what is
-- written within it is told at least.

local M = {}

function M.start()
  vim.api.nvim_create_autocmd("BufWritePost", {
    group = vim.api.nvim_create_augroup("leakwright.watch", { clear = true }),
    pattern = { "pyproject.toml", "leakwright.toml", ".leakwright.toml" },
    callback = function(event)
      M.changed(vim.api.nvim_buf_get_name(event.buf))
    end,
  })
end

-- Tells all servers that a file is another.
function M.changed(path)
  local changes = { { uri = vim.uri_from_fname(path), type = 2 } }
  for _, client in ipairs(require("leakwright").clients()) do
    require("leakwright.client").notify(client, "workspace/didChangeWatchedFiles", { changes = changes })
  end
end

return M
