-- Ends nodes that no worker has claimed; a claim and this exclude one another.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id, 2 owner, 3 token, 4 op, 5 number of nodes, and for each its path and patch
--       (number of fields, name and value of each)
-- Returns {"ok", seq, epoch, number refused, refused paths..., skipped paths...}; refused were
--       final, skipped are claimed. {"stale"}, {"lost"}, {"gone"}
-- Events: each node that was ended, then the run. None if none was

local run, refusal = open_own_run()
if refusal then return refusal end

local argument = arguments(5)
local refused, skipped = {}, {}
for _ = 1, tonumber(argument()) do
  local path = argument()
  local patch = read_record(argument)
  if is_claimed(path) then
    skipped[#skipped + 1] = path
  elseif patch_node(run, path, patch) ~= 'ok' then
    refused[#refused + 1] = path
  end
end
if #run.events > 0 then finish(run, run.state) end
return answered(with_paths({'ok', string.format('%.0f', run.seq), run.epoch}, refused, skipped))
