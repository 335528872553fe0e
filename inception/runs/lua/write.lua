-- Writes what the owner has to say of nodes and of the run.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id, 2 owner, 3 token, 4 op, then the run's patch (number of fields, name and value
--       of each), the number of nodes, and for each its path and patch
-- Returns {"ok", seq, epoch, number refused, refused paths..., revoked paths...}; refused were
--       final, revoked are parents that must end as REVOKED or not at all. {"stale"}, {"lost"}, {"gone"}
-- Events: each node in order that is not as it was, then the run. None if all is as it was

local run, refusal = open_own_run()
if refusal then return refusal end

local argument = arguments(5)
local patch = read_record(argument)
local left = patch_nodes(run, read_patches(argument))
finish_patched(run, patch)
return answered(with_paths({'ok', string.format('%.0f', run.seq), run.epoch},
  left.refused, left.revoked))
