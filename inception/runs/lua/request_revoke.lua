-- Asks a run, or the part of it at a path, to stop. The intent is stored first, then signalled.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id (JSON), 2 path, 3 by (JSON), 4 reason (JSON), 5 who it is noted of (empty: nobody)
-- Returns {"ok", record}; {"gone"}, {"no_node"}; {"ended", revoke that was asked for of the
--       path (JSON) or "", record}, and "node_ended" likewise
-- Events: the node and the run as REVOKING; none if a revoke covers the path already.
--       A run that nobody holds and no worker works on is ended right here, with its nodes, and all
--       watchers are told, since who waits for Celery's result of it knows nothing of records

local id, path, by, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local run = open_run()
if not run then return {'gone'} end
local function too_late(word)
  return {word, redis.call('HGET', RUN, 'intent:' .. path) or '', render(run.record)}
end
if FINAL[run.state] then return too_late('ended') end
local node
if path ~= '' then
  local text = redis.call('HGET', NODES, path)
  if not text then return {'no_node'} end
  node = parse(text)
  if FINAL[unquote(node.fields.state)] then return too_late('node_ended') end
end
if is_revoked(run, path) then return {'ok', render(run.record)} end

-- True if a node that has not ended is in a worker's hands, in this try of the run: claims of an
-- earlier one are still there.
local function is_worked_on()
  for _, path in ipairs(redis.call('HKEYS', CLAIMS)) do
    local text = redis.call('HGET', NODES, path)
    local goes_on = text and not FINAL[string.match(text, '\n,?"state":"(%u+)"')]
    if goes_on and is_claimed(path) then return true end
  end
  return false
end

note(ARGV[5], 'revoke', unquote(run.record.fields.id), path)
local intent = string.format('{"requested_at":%s,"by":%s,"reason":%s}', run.at, by, reason)
redis.call('HSET', RUN, 'intent:' .. path, intent)
redis.call('HINCRBY', RUN, 'intents', 1)
redis.call('SADD', REVOKES, unquote(run.record.fields.id))
run.intents = run.intents + 1
local state = run.state
if node then
  put(node, 'revoke', intent)
  move_node(run, node, unquote(node.fields.state), 'REVOKING')
  store_node(run, path, node)
else
  put(run.record, 'revoke', intent)
  state = 'REVOKING'
end

if run.owner ~= '' then
  tell_owner(run.owner, string.format(
    '{"kind":"revoke","run":%s,"path":"%s","token":"%s"}', id, path, run.token))
elseif node or is_worked_on() then
  if redis.call('HEXISTS', RUN, 'waits') == 0 then -- else it is seen to once it is let in
    redis.call('ZADD', UNOWNED, 0, unquote(run.record.fields.id)) -- a watcher sees to it at once
    redis.call('PUBLISH', ALL_WATCHERS, '{"kind":"given_back"}')
  end
else
  revoke_nodes(run)
  local text = end_run(run, 'REVOKED')
  redis.call('PUBLISH', ALL_WATCHERS, '{"kind":"revoked","run":' .. id .. '}')
  return {'ok', text}
end
return {'ok', finish(run, state)}
