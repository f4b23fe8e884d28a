"""The function measured from outside: handler, environment, and a cloud over sockets that answers after set times.

scripted   frames of a film -> a cloud that does nothing but wait and answer; a process of its own
cloud      starts, clears and questions that cloud
pictures   a size and a format -> a frame, as a file
function   starts a process that runs the handler, and sends it events
runner     what runs in that process: events -> time, processor time, peak memory
"""
