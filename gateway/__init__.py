"""The gateway: owns the Sonic stream and the audio path of every call. It has no access to customer data.

To follow one call, read ``call/machine.py`` (what is decided), then ``driver.py`` (how it is done). The edges are
``caller/`` (the page), ``sonic/`` (Nova Sonic) and ``toolclient/`` (the tool worker); each is values, codec, adapter.
"""
