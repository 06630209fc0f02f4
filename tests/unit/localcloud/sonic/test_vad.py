import numpy as np

from localcloud.sonic.vad import FRAME_BYTES, FRAME_SAMPLES, SileroVad

NOISE = (np.random.default_rng(5).normal(size=FRAME_SAMPLES) * 1000).astype("<i2").tobytes()
HUSH = (np.full(FRAME_SAMPLES, 5)).astype("<i2").tobytes()


class Counted:
    """Silero's network, counting its runs."""

    def __init__(self, vad: SileroVad) -> None:
        self.runs = 0
        self._model = vad.model

    def run(self, outputs: list[str] | None, feeds: dict[str, object]) -> object:
        self.runs += 1
        return self._model.run(outputs, feeds)


def counted() -> tuple[SileroVad, Counted]:
    vad = SileroVad()
    counter = Counted(vad)
    vad.model = counter
    return vad, counter


def test_the_network_rests_after_a_second_of_nothing_and_wakes_at_the_first_sound() -> None:
    vad, network = counted()
    for frame in (bytes(FRAME_BYTES), HUSH):
        for _ in range(100):
            assert vad(frame) < 0.35
    assert network.runs == 31
    vad(NOISE)
    assert network.runs == 32


def test_the_network_listens_to_noise_without_rest() -> None:
    vad, network = counted()
    for _ in range(100):
        vad(NOISE)
    assert network.runs == 100
