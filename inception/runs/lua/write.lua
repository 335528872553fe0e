-- Writes what the owner has to say of nodes and of the run.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id, 2 owner, 3 token, 4 op, then the run's patch (number of fields, name and value
--       of each), the number of nodes, and for each its path and patch
-- Returns {"ok", seq, epoch, number refused, refused paths..., revoked paths...}; refused were
--       final, revoked are parents that must end as REVOKED or not at all. {"stale"}, {"lost"}, {"gone"}
-- Events: each node in order, then the run

local run, refusal = open_own_run()
if refusal then return refusal end

local argument = arguments(5)
local patch = read_record(argument)
local kept = {refused = {}, revoked = {}}
for _ = 1, tonumber(argument()) do
  local path = argument()
  local paths = kept[patch_node(run, path, read_record(argument))]
  if paths then paths[#paths + 1] = path end
end

local wanted = patch.fields.state and unquote(patch.fields.state) or run.state
if FINAL[wanted] then wanted = run.state end -- only end_run ends a run
merge(run.record, '', patch)
if is_revoked(run, '') then wanted = 'REVOKING' end
finish(run, wanted)
return answered(with_paths({'ok', string.format('%.0f', run.seq), run.epoch},
  kept.refused, kept.revoked))
