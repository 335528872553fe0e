-- Starts a step anew that ended badly before the run was retried, or whose recorded success the
-- parent no longer asks for (it is set aside, with all that is recorded under it).
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id, 2 owner, 3 token, 4 op, 5 path, 6 the journal's entry, 7 the earlier attempt
--       (JSON), 8 "1" to set aside what is under the node, then the node's patch: number of
--       fields, name and value of each
-- Returns {"ok", attempt}; {"going_on"} if the node has not ended, {"revoked"}, {"stale"}, {"gone"}
-- Events: the node as PENDING, then the run

local owner, token, op, path = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local entry, earlier, set_aside = ARGV[6], ARGV[7], ARGV[8] == '1'
local run = open_run()
if not run then return {'gone'} end
local refusal = fence(run, owner, token, op)
if refusal then return refusal end
local text = redis.call('HGET', NODES, path)
if not text then return {'gone'} end
local node = parse(text)
if not FINAL[unquote(node.fields.state)] then return {'going_on'} end
if is_revoked(run, path) then return {'revoked'} end

local function forget_below()
  for _, below in ipairs(redis.call('HKEYS', NODES)) do
    if string.sub(below, 1, #path + 1) == path .. '.' then
      local state = string.match(redis.call('HGET', NODES, below), '\n,?"state":"(%u+)"')
      run.counts[state] = run.counts[state] - 1
      redis.call('HDEL', NODES, below)
      redis.call('HDEL', CLAIMS, below, below .. ':end')
      for field in pairs(LARGE_FIELDS) do redis.call('HDEL', LARGE, below .. ':' .. field) end
    end
  end
  for _, step in ipairs(redis.call('HKEYS', JOURNAL)) do
    local head = string.sub(step, 1, #path + 1)
    if head == path .. '.' or head == path .. '#' then redis.call('HDEL', JOURNAL, step) end
  end
  put(node, 'children', '0')
end

if set_aside then forget_below() end
redis.call('HSET', JOURNAL, path, entry)
merge(node, path, read_record(arguments(9)))
local attempt = start_anew(run, path, node, earlier, 'PENDING')
redis.call('HSET', RUN, 'rescues', 0)
finish(run, run.state)
return answered(op, {'ok', attempt})
