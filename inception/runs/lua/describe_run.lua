-- Gives a run another label or other tags, in whatever state it is.
--
-- KEYS  1-8 the run's keys
-- ARGV  1 who asks for it, then the run's patch: number of fields, name and value of each
-- Returns {"ok", record}; {"gone"}
-- Event: the run, its state as it was; none if it is called so already

local run = open_run()
if not run then return {'gone'} end
merge(run.record, '', read_record(arguments(2)))
if not news(run.record, run.text) then return {'ok', run.text} end
note(ARGV[1], 'describe', unquote(run.record.fields.id))
return {'ok', finish(run, run.state)}
