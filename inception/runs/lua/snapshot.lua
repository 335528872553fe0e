-- A run with its nodes as of one number.
--
-- KEYS  1 the run, 2 its nodes
-- ARGV  1 how many nodes are sent whole, 2 how many children of each parent are sent beyond that
-- Returns {"ok", epoch, seq, record, "1" if complete else "0", nodes...}; {"gone"}
-- Event: none

local control = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'record')
if not control[1] then return {'gone'} end
local is_complete = redis.call('HLEN', KEYS[2]) <= tonumber(ARGV[1])
local answer = {'ok', control[1], control[2], control[3], is_complete and '1' or '0'}
local function shown(path, node)
  return tonumber(string.match(path, '%d+$')) < tonumber(ARGV[2])
    or string.find(node, '\n,"kind":"parent"\n', 1, true)
end
local nodes = redis.call('HGETALL', KEYS[2])
for i = 1, #nodes, 2 do
  if is_complete or shown(nodes[i], nodes[i + 1]) then answer[#answer + 1] = nodes[i + 1] end
end
return answer
