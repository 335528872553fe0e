-- Starts a recorded step as another one in its place: past the first step that a retry of the run
-- started anew, a parent may ask for something else. What is recorded under it is forgotten.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id, 2 owner, 3 token, 4 op, 5 path, 6 the journal's entry, 7 how many further
--       attempts may follow a failure, 8 the earlier attempt (JSON), empty if it was never begun,
--       then the node's patch: number of fields, name and value of each
-- Returns {"ok", attempt}; {"going_on"} if somebody works on it, {"revoked"}, {"stale"}, {"lost"}, {"gone"}
-- Events: the node as PENDING, then the run

local path, entry, retries, earlier = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local run, refusal = open_own_run()
if refusal then return refusal end
local text = redis.call('HGET', NODES, path)
if not text then return {'gone'} end
local node = parse(text)
local old = unquote(node.fields.state)
local claim = redis.call('HGET', CLAIMS, path)
local has_claim = claim and number_in(claim, 'attempt') == tonumber(node.fields.attempt)
if not FINAL[old] and has_claim then return {'going_on'} end
if is_revoked(run, path) then return {'revoked'} end

local function is_below(name)
  local head = string.sub(name, 1, #path + 1)
  return head == path .. '.' or head == path .. '#'
end

for _, below in ipairs(redis.call('HKEYS', NODES)) do
  if is_below(below) then
    local state = string.match(redis.call('HGET', NODES, below), '\n,?"state":"(%u+)"')
    run.counts[state] = run.counts[state] - 1
    redis.call('HDEL', NODES, below)
    redis.call('HDEL', CLAIMS, below, below .. ':end')
    for field in pairs(LARGE_FIELDS) do redis.call('HDEL', LARGE, below .. ':' .. field) end
  end
end
for _, step in ipairs(redis.call('HKEYS', JOURNAL)) do
  if is_below(step) then redis.call('HDEL', JOURNAL, step) end
end

record_step(path, entry, retries)
local attempts = string.sub(node.fields.attempts, 2, -2)
if earlier ~= '' then attempts = attempts .. (attempts == '' and '' or ',') .. earlier end
merge(node, path, read_record(arguments(9)))
note_queues({[node.fields.queue] = true}, run.at)
put(node, 'children', '0')
put(node, 'attempts', '[' .. attempts .. ']')
put(node, 'attempt', string.format('%.0f', node.fields.attempt + 1))
put(node, 'queued_at', run.at)
for _, name in ipairs({'worker', 'waiting', 'started_at', 'finalized_at'}) do
  put(node, name, 'null')
end
forget_revoke(node)
move_node(run, node, old, 'PENDING')
store_node(run, path, node)
redis.call('HSET', RUN, 'rescues', 0)
finish(run, run.state)
return answered({'ok', node.fields.attempt})
