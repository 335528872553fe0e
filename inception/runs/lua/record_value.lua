-- Records a value that a parent must see again on replay. The first one stays.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 run id, 2 owner, 3 token, 4 op, 5 key in the journal, 6 value (JSON)
-- Returns {"ok", the recorded value}; {"stale"}, {"lost"}, {"gone"}
-- Event: none

local owner, token, key, value = ARGV[2], ARGV[3], ARGV[5], ARGV[6]
local op, known = read_operation()
local control = redis.call('HMGET', RUN, 'owner', 'token', 'op')
if not control[1] then return {'gone'} end
if control[1] ~= owner or control[2] ~= token or token == '' then return {'stale'} end
if known > tonumber(control[3]) then return {'lost'} end
redis.call('HSETNX', JOURNAL, key, value)
redis.call('HSET', RUN, 'rescues', 0)
if op > tonumber(control[3]) then answered({'ok'}) end
return {'ok', redis.call('HGET', JOURNAL, key)}
