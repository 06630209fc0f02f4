"""The edge towards Amazon Nova Sonic: events, their legal order, and the stream."""
