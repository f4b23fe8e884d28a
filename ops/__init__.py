"""What is run by hand and never ships: `python -m ops COMMAND`.

    package     handler.py, snapshot/ and the locked dependencies  ->  build/snapshot.zip
      contents.py   what of a dependency ships, and why the rest does not
      wheels.py     requirements.txt -> the wheels that SCF's Python can load
      interpreter.py  which Python here can compile for SCF's
      bytecode.py   sources -> the bytecode SCF would otherwise make at every cold start
      archive.py    files -> a zip whose bytes depend on nothing else
    stackfile.py  serverless.yml  ->  stack.py: what it wants, as one value
    policy        that  ->  the least policy of the run role
    deploy        that and the zip  ->  a function in the cloud
      deployment.py   what is wanted and what is found, as values of one kind
      found.py        the cloud -> what is found
      diff.py         wanted and found -> steps
      steps.py        steps -> calls
      tencent.py      the door to the cloud API and COS
      refusals.py     the cloud's refusals in words
    doctor        the whole set-up  ->  findings
      facts.py        what there is, asked for once
      checks_*.py     facts -> findings
      grants.py       rules of policies -> is it allowed
      finding.py      a finding, and how it is shown
    errors.py   what went wrong, and what to do about it

It may import snapshot, never emulator.
"""
