-- Methods of clients, which take their client as the first argument from 0.11 on.

local M = {}

local IS_NEW = vim.fn.has("nvim-0.11") == 1

function M.notify(client, method, params)
  if IS_NEW then
    return client:notify(method, params)
  end
  return client.notify(method, params)
end

function M.request(client, method, params, buffer)
  if IS_NEW then
    return client:request_sync(method, params, 5000, buffer)
  end
  return client.request_sync(method, params, 5000, buffer)
end

function M.stop(client)
  if IS_NEW then
    return client:stop()
  end
  return client.stop()
end

-- Whether the server has a command of its own.
function M.has_command(client, name)
  local provider = (client.server_capabilities or {}).executeCommandProvider
  return provider ~= nil and vim.tbl_contains(provider.commands or {}, name)
end

return M
