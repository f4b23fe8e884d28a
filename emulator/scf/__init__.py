"""SCF on one machine: a function in its own process, called as the cloud calls it.

platform      the entry for the rest of the cloud: functions, triggers, invoke, notify, drain, log
registry      the functions and triggers that exist
limits        SCF's limits and the shapes of its names, each once
function      a function's configuration, validated
triggers      the rules of COS triggers, and which trigger an event matches
event         something that happened to an object -> the event as COS sends it
delivery      the one thread that takes from the queue and hands out
queue         which message is next, and what becomes of one that failed
async_runs    the status of asynchronous runs that are tracked
runner        one invocation: an instance, credentials, a record in the log
pool          the warm instances of a function, up to its limit
instance      one process: started, called, watched, killed
process_tree  that process and its children: memory, end
environment   the process's variables and the handler's context
role          the temporary credentials of the run role
log           the records that CLS would hold
status        the status codes, and the refusal of a call
clock         real time, or time that leaps when nothing runs
sandbox       run inside the function's process, standard library only
  bootstrap   the host of the handler: imports it, calls it, sends back what it returns
  mounts      a private, read-only view of the disk
  audit_hook  the same by an audit hook, where mounts are not allowed
"""
