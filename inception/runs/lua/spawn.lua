-- Records the steps a parent takes, before their children are sent, and what the owner has to say
-- of other nodes besides.
--
-- KEYS  1-8 the run's keys, from 9 on those of queues
-- ARGV  1 run id, 2 owner, 3 token, 4 op, then the run's patch (number of fields, name and value
--       of each), the number of nodes, and for each its path and patch, the number of steps, and
--       for each the journal's entry, how many further attempts may follow a failure of it, and
--       the node's record, the number of its messages, and for each the number of its queue's key
--       among these, from 0 on, and its text
-- Returns {"ok", seq, epoch, number refused, refused paths..., revoked paths...} as "write" does;
--       {"revoked"} under a revoke and {"too_many"} beyond MAX_NODES, with nothing written;
--       {"stale"}, {"lost"}, {"gone"}
-- Events: each patched node, each new node, their parents, then the run. None if nothing is new

local run, refusal = open_own_run()
if refusal then return refusal end

local argument = arguments(5)
local patch = read_record(argument)
local patches = read_patches(argument)
local steps = {}
for _ = 1, tonumber(argument()) do
  local entry, retries, node = argument(), argument(), read_record(argument)
  local letters = {}
  for i = 1, tonumber(argument()) do
    local queue = KEYS[9 + tonumber(argument())]
    letters[i] = {queue = queue, text = argument()}
  end
  local path = unquote(node.fields.path)
  if is_revoked(run, path) then return {'revoked'} end
  if redis.call('HEXISTS', JOURNAL, path) == 0 then
    steps[#steps + 1] = {entry = entry, retries = retries, node = node, path = path, letters = letters}
  end
end
if redis.call('HLEN', NODES) + #steps > MAX_NODES then return {'too_many'} end

local left = patch_nodes(run, patches)
local born, parents, queues = {}, {}, {}
for _, step in ipairs(steps) do
  local node, parent = step.node, unquote(step.node.fields.parent)
  record_step(step.path, step.entry, step.retries)
  queues[node.fields.queue] = true
  put(node, 'queued_at', run.at)
  put(node, 'args', fit(node, step.path, 'args', node.fields.args))
  put(node, 'kwargs', fit(node, step.path, 'kwargs', node.fields.kwargs))
  count(run.counts, nil, unquote(node.fields.state))
  store_node(run, step.path, node)
  if not born[parent] then parents[#parents + 1] = parent end
  born[parent] = (born[parent] or 0) + 1
end
for _, path in ipairs(parents) do
  local text = redis.call('HGET', NODES, path)
  if text then
    local parent = parse(text)
    put(parent, 'children', string.format('%.0f', parent.fields.children + born[path]))
    store_node(run, path, parent)
  end
end

if #steps > 0 then tally('steps', #steps) end
note_queues(queues, run.at)
if run.rescues ~= '0' then redis.call('HSET', RUN, 'rescues', 0) end
if #run.events > 0 or #patch.names > 0 then finish_patched(run, patch) end
for _, step in ipairs(steps) do
  for _, letter in ipairs(step.letters) do redis.call('LPUSH', letter.queue, letter.text) end
end
return answered(with_paths({'ok', string.format('%.0f', run.seq), run.epoch},
  left.refused, left.revoked))
