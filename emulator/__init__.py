"""Tencent Cloud on one machine: object storage (COS), media processing (CI) and functions (SCF), for any program.

__main__       `python -m emulator`: serves all of it until it is stopped
pytest_plugin  fixtures for any project's tests
console        the output of a served cloud
control        the API that deployment tools call: SCF, CAM, STS
cloud          COS, CI and SCF of one account, put together on one port
admin          the control paths at the cloud's own address
cos            objects over HTTP: signatures, rights, operations
ci             a stored video -> a picture, or its description; workflows
scf            runs functions as SCF does: credentials, queue, retries, dead letters
faults         which requests go wrong, and how
identity       whose credentials these are, and what a policy allows
operations     the names of the operations, and the action that each needs
http           the server and its messages
films          films that say in every frame which moment it shows
account, errors, history, wildcard, xml  small parts that the others share
"""
