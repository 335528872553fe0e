-- Ends nodes that no worker has claimed; a claim and this exclude one another.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id, 2 owner, 3 token, 4 op, 5 number of nodes, and for each its path and patch
--       (number of fields, name and value of each)
-- Returns {"ok", seq, epoch, number refused, refused paths..., skipped paths...}; refused were
--       final, skipped are claimed. {"stale"}, {"gone"}
-- Events: each node that was ended, then the run. None if none was

local owner, token, op = ARGV[2], ARGV[3], ARGV[4]
local run = open_run()
if not run then return {'gone'} end
local refusal = fence(run, owner, token, op)
if refusal then return refusal end

-- Nobody works on an attempt that Celery itself is to retry, and the retry's claim is refused.
local function is_claimed(path)
  local claim = redis.call('HGET', CLAIMS, path)
  local node = redis.call('HGET', NODES, path)
  return claim and node and number_in(claim, 'attempt') == number_in(node, 'attempt')
    and not number_in(claim, 'retry_at')
end

local argument = arguments(5)
local refused, skipped = {}, {}
for _ = 1, tonumber(argument()) do
  local path = argument()
  local patch = read_record(argument)
  if is_claimed(path) then
    skipped[#skipped + 1] = path
  elseif not patch_node(run, path, patch) then
    refused[#refused + 1] = path
  end
end
if #run.events > 0 then finish(run, run.state) end
local words = {'ok', string.format('%.0f', run.seq), run.epoch, tostring(#refused)}
for _, path in ipairs(refused) do words[#words + 1] = path end
for _, path in ipairs(skipped) do words[#words + 1] = path end
return answered(op, words)
