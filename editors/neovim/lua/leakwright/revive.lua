-- Starts a server that ended by itself again, unless it does so again and again.

local M = {}

local uv = vim.uv or vim.loop

-- Ends within this many milliseconds that are too many.
local WITHIN, TOO_MANY = 3 * 60 * 1000, 5
local SIGTERM = 15

local ends = {}

function M.ended(code, signal, id)
  local is_wanted = code == 0 and signal == 0 or signal == SIGTERM
  if is_wanted or vim.v.exiting ~= vim.NIL then
    return
  end
  local now = uv.now()
  ends = vim.tbl_filter(function(time)
    return now - time < WITHIN
  end, ends)
  ends[#ends + 1] = now
  vim.schedule(function()
    if #ends >= TOO_MANY then
      vim.notify("Leakwright: the server ended again and again; :LeakwrightRestart starts it", vim.log.levels.ERROR)
    else
      M.start_after(id)
    end
  end)
end

-- Starts a server once Neovim has forgotten another, which it would use again.
function M.start_after(id)
  if vim.lsp.get_client_by_id(id) then
    vim.defer_fn(function()
      M.start_after(id)
    end, 20)
  else
    M.start()
  end
end

-- Starts a server for all files that are open.
function M.start()
  local config = require("leakwright.config")
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) and vim.tbl_contains(config.filetypes(), vim.bo[buffer].filetype) then
      local start = require("leakwright").start
      if start then
        start(buffer)
      else
        vim.api.nvim_exec_autocmds("FileType", { group = "nvim.lsp.enable", buffer = buffer, modeline = false })
      end
    end
  end
end

return M
