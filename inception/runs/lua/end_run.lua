-- Ends a run, once every node has ended. The final state is written once.
--
-- KEYS  1-8 the run's keys, 9 the owner's set of runs
-- ARGV  1 run id, 2 owner, 3 token, 4 op, 5 the final state, then the run's patch: number of
--       fields, name and value of each
-- Returns {"ok", seq, epoch, state}; with nothing written {"children", seq, epoch, state, up to
--       20 paths...} while nodes go on, and {"must_revoke", seq, epoch, state} if a run that is
--       to stop would end otherwise than as REVOKED; {"stale"}, {"lost"}, {"gone"}
-- Event: the run, its last

local state = ARGV[5]
local run, refusal = open_own_run()
if refusal then return refusal end

local function going_on()
  local paths = {}
  for _, path in ipairs(redis.call('HKEYS', NODES)) do
    local node = redis.call('HGET', NODES, path)
    if not FINAL[string.match(node, '\n,?"state":"(%u+)"')] then paths[#paths + 1] = path end
    if #paths == 20 then break end
  end
  return paths
end

if unended(run) > 0 then
  return {'children', string.format('%.0f', run.seq), run.epoch, run.state, unpack(going_on())}
end
if state ~= 'REVOKED' and is_revoked(run, '') then
  return {'must_revoke', string.format('%.0f', run.seq), run.epoch, run.state}
end
merge(run.record, '', read_record(arguments(6)))
end_run(run, state, KEYS[9])
return answered({'ok', string.format('%.0f', run.seq), run.epoch, state})
