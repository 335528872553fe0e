-- Writes what the owner has to say of nodes and of the run.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id, 2 owner, 3 token, 4 op, then the run's patch (number of fields, name and value
--       of each), the number of nodes, and for each its path and patch
-- Returns {"ok", seq, epoch, paths that were refused...}; {"stale"}, {"gone"}
-- Events: each node in order, then the run

local owner, token, op = ARGV[2], ARGV[3], ARGV[4]
local run = open_run()
if not run then return {'gone'} end
local refusal = fence(run, owner, token, op)
if refusal then return refusal end

local argument = arguments(5)
local patch = read_record(argument)
local refused = {}
for _ = 1, tonumber(argument()) do
  local path = argument()
  if not patch_node(run, path, read_record(argument)) then refused[#refused + 1] = path end
end

local wanted = patch.fields.state and unquote(patch.fields.state) or run.state
if FINAL[wanted] then wanted = run.state end -- only end_run ends a run
merge(run.record, '', patch)
if is_revoked(run, '') then wanted = 'REVOKING' end
finish(run, wanted)
return answered(op, {'ok', string.format('%.0f', run.seq), run.epoch, unpack(refused)})
