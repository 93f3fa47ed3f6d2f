-- Leakwright for Neovim: finds memory leaks in Python, and mends them.

local M = {}

-- Starts the server for Python files. `own` is merged over what `leakwright.config` has.
function M.setup(own)
  local config = require("leakwright.config").server(own)
  if vim.lsp.config and vim.lsp.enable then
    vim.lsp.config("leakwright", config)
    vim.lsp.enable("leakwright")
    return
  end
  -- Before 0.11.
  local function start(buffer)
    local path = vim.api.nvim_buf_get_name(buffer)
    if path == "" or vim.bo[buffer].buftype ~= "" then
      return
    end
    local found = vim.fs.find(config.root_markers, { upward = true, path = vim.fs.dirname(path) })
    local own_config = vim.deepcopy(config)
    own_config.root_dir = found[1] and vim.fs.dirname(found[1]) or vim.fs.dirname(path)
    vim.lsp.start(own_config, { bufnr = buffer })
  end
  M.start = start
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("leakwright", { clear = true }),
    pattern = config.filetypes,
    callback = function(event)
      start(event.buf)
    end,
  })
end

-- The servers that run.
function M.clients(filter)
  filter = vim.tbl_extend("force", { name = "leakwright" }, filter or {})
  return (vim.lsp.get_clients or vim.lsp.get_active_clients)(filter)
end

return M
