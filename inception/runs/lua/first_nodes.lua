-- A run with the first of its nodes, as of one number: all of them, or those a reader begins with,
-- which are the first directly under it, then what is under those in tree order. Of a run that has
-- failed the first failure is among them, with all above it.
--
-- Costs what it sends: nothing is read of the others.
--
-- KEYS  1 the run, 2 its nodes
-- ARGV  1 how many nodes are sent whole; of more: 2 how many directly under the run, 3 how many in all
-- Returns {"ok", epoch, seq, record, "1" if complete else "0", nodes...}; {"gone"}
-- Event: none

local control = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'record', 'failure')
if not control[1] then return {'gone'} end
local is_complete = redis.call('HLEN', KEYS[2]) <= tonumber(ARGV[1])
local answer = {'ok', control[1], control[2], control[3], is_complete and '1' or '0'}
local HEAD = #answer
if is_complete then
  for _, node in ipairs(redis.call('HVALS', KEYS[2])) do answer[#answer + 1] = node end
  return answer
end

local sent = {}

-- Sends the node at the path; false if there is none.
local function send(path)
  if sent[path] then return true end
  local node = redis.call('HGET', KEYS[2], path)
  if not node then return false end
  sent[path] = true
  answer[#answer + 1] = node
  return true
end

-- Sends what is under a node, in tree order, until it is enough.
local function send_under(beginning)
  local number = 0
  while #answer - HEAD < tonumber(ARGV[3]) and send(beginning .. number) do
    send_under(beginning .. number .. '.')
    number = number + 1
  end
end

local function is_failed(record)
  local state = string.match(record, '\n,?"state":"(%u+)"')
  return state == 'FAILURE' or state == 'LOST'
end

local number = 0
while number < tonumber(ARGV[2]) and send(tostring(number)) do number = number + 1 end
send_under('')
if is_failed(control[3]) then
  local upto
  for part in string.gmatch(control[4] or '', '%d+') do
    upto = upto and (upto .. '.' .. part) or part
    send(upto)
  end
end
return answer
