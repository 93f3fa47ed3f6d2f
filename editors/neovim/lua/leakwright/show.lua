-- `window/showDocument`, with the range selected rather than only gone to, so that it can be typed over.

return function(err, params, context, config)
  if params and not params.external and params.selection then
    local bufnr = vim.uri_to_bufnr(params.uri)
    local client = vim.lsp.get_client_by_id(context.client_id)
    local encoding = client and client.offset_encoding or "utf-16"
    vim.fn.bufload(bufnr)
    if params.takeFocus ~= false then
      local window = vim.fn.bufwinid(bufnr)
      if window == -1 then
        vim.cmd.buffer(bufnr)
      else
        vim.api.nvim_set_current_win(window)
      end
    end
    local function column(place)
      local line = vim.api.nvim_buf_get_lines(bufnr, place.line, place.line + 1, false)[1] or ""
      if encoding == "utf-8" then
        return math.min(place.character, #line)
      end
      return vim.lsp.util._str_byteindex_enc(line, place.character, encoding)
    end
    local from, to = params.selection.start, params.selection["end"]
    vim.api.nvim_win_set_cursor(0, { from.line + 1, column(from) })
    local length = column(to) - column(from)
    if length > 0 and from.line == to.line then
      -- Select mode: what is typed takes the place of what is selected.
      local right = length > 1 and (length - 1) .. "l" or ""
      vim.cmd.normal({ args = { "v" .. right .. "\7" }, bang = true })
    end
    return { success = true }
  end
  return vim.lsp.handlers["window/showDocument"](err, params, context, config)
end
