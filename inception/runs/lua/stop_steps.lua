-- Stops steps on behalf of their parent: children that no worker has claimed end right here, the
-- others get an intent each. So thousands that wait are stopped by a few calls, and leave nothing
-- that a beat or a take-over has to look through.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id, 2 owner, 3 token, 4 op, 5 reason (JSON), then the patch that such a child ends
--       with (number of fields, name and value of each), the number of paths, and these
-- Returns {"ok", seq, epoch, number asked, asked paths..., ended paths...}; asked have an intent on
--       them or above, ended have ended here; those that had ended before are in neither.
--       {"stale"}, {"lost"}, {"gone"}
-- Events: each node that was ended, or is asked for the first time, then the run. None if none is

local run, refusal = open_own_run()
if refusal then return refusal end

local intent = string.format('{"requested_at":%s,"by":"parent","reason":%s}', run.at, ARGV[5])
local asked, ended, fresh = {}, {}, 0

local function ask(path, node)
  asked[#asked + 1] = path
  if is_revoked(run, path) then return end
  redis.call('HSET', RUN, 'intent:' .. path, intent)
  fresh = fresh + 1
  move_node(run, node, unquote(node.fields.state), 'REVOKING')
  store_node(run, path, node)
end

local argument = arguments(6)
local patch = read_record(argument)
for _ = 1, tonumber(argument()) do
  local path = argument()
  local text = redis.call('HGET', NODES, path)
  local node = text and parse(text)
  if node and not FINAL[unquote(node.fields.state)] then
    if node.fields.kind == '"parent"' or is_claimed(path) then
      ask(path, node)
    else
      patch_node(run, path, patch)
      ended[#ended + 1] = path
    end
  end
end
if fresh > 0 then
  redis.call('HINCRBY', RUN, 'intents', fresh)
  redis.call('SADD', REVOKES, ARGV[1])
end
if #run.events > 0 then finish(run, run.state) end
return answered(with_paths({'ok', string.format('%.0f', run.seq), run.epoch}, asked, ended))
