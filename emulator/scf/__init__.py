"""SCF on one machine: a function in its own process, called as the cloud calls it.

platform     what the rest of the cloud talks to: functions, triggers, invoke, notify, drain, log
registry     the functions and triggers there are
function     what is said of a function, and what may be said
triggers     what COS may be told to send, and which trigger an object meets
event        what happened to an object -> the event as COS sends it
delivery     the one thread that takes from the queue and hands out
queue        which message is next, and what becomes of one that failed
runner       one invocation: an instance, fresh keys, a record in the log
pool         the warm instances of a function, up to its limit
instance     one process: started, called, watched, killed
family       that process and all it started: memory, end
surroundings what the process is given: environment variables and context
bootstrap    runs inside the process; stdlib only, stands alone
room         a private view of the disk for that process; stdlib only, stands alone
walls        what keeps it from writing where there can be no room; stdlib only, stands alone
role         the temporary keys of the run role
log          what CLS would hold
status       the status codes, and how a call is refused
clock        real time, or time that leaps when nothing runs
"""
