-- Ends a run, once every node has ended. The final state is written once.
--
-- KEYS  1-8 the run's keys, 9 the owner's set of runs, 10 the key of Celery's result (or absent)
-- ARGV  1 run id, 2 owner, 3 token, 4 op, 5 the final state, 6 Celery's result, 7 seconds that it
--       is kept, then the run's patch (number of fields, name and value of each), the number of
--       nodes, and for each its path and patch
-- Returns {"ok", seq, epoch, state, number of paths that go on, these (up to 20), number refused,
--       refused paths..., revoked paths...}, the last as "write" does. With nothing but the nodes
--       written {"children", ...} while some go on, and {"must_revoke", ...} if a run that is to
--       stop would end otherwise than as REVOKED; {"stale"}, {"lost"}, {"gone"}
-- Events: each patched node, then the run; its last if it ended

local state = ARGV[5]
local run, refusal = open_own_run()
if refusal then return refusal end
local argument = arguments(8)
local patch = read_record(argument)
local left = patch_nodes(run, read_patches(argument))

local function going_on()
  local paths = {}
  for _, path in ipairs(redis.call('HKEYS', NODES)) do
    local node = redis.call('HGET', NODES, path)
    if not FINAL[string.match(node, '\n,?"state":"(%u+)"')] then paths[#paths + 1] = path end
    if #paths == 20 then break end
  end
  return paths
end

local function answer(word, paths)
  return answered(with_paths({word, string.format('%.0f', run.seq), run.epoch, run.state},
    paths, left.refused, left.revoked))
end

local function not_yet(word, paths)
  if #run.events > 0 then finish(run, run.state) end
  return answer(word, paths)
end

if unended(run) > 0 then return not_yet('children', going_on()) end
if state ~= 'REVOKED' and is_revoked(run, '') then return not_yet('must_revoke', {}) end
merge(run.record, '', patch)
end_run(run, state, KEYS[9])
say_result(KEYS[10], ARGV[6], ARGV[7])
return answer('ok', {})
