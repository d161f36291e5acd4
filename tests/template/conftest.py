import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import stack


@pytest.fixture(scope="session")
def resources():
    """What a plain deployment creates, with two configuration sets attached."""
    return stack.deployed(ConfigurationSets="marketing-weekly,tenant_b")
