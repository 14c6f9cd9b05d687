import pytest
from mlopsc_kfp.schedule import kfp_cron

from mlopsc.plan.plan import Schedule


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("0 3 * * 1", "0 0 3 * * 1"),
        ("*/15 8-18 * * MON-FRI", "0 */15 8-18 * * MON-FRI"),
        ("0 0 1,15 JAN-JUN *", "0 0 0 1,15 JAN-JUN *"),
        ("0 0 * * 7", "0 0 0 * * 0"),
        ("0 0 * * 5-7", "0 0 0 * * 0,5,6"),
        ("0 0 * * 1-7/2", "0 0 0 * * 0,1,3,5"),
        ("0 0 13 * 5", "0 0 0 13 * 5"),
    ],
)
def test_the_seconds_come_first_and_sunday_is_zero(cron, expected):
    assert kfp_cron(Schedule(cron=cron)) == expected


@pytest.mark.parametrize(
    ("cron", "timezone", "message"),
    [
        ("0 3 * * 1", "America/New_York", "in UTC only"),
        ("0 3 * * 5#2", "UTC", "does not know '5#2'"),
        ("0 3 L * *", "UTC", "does not know 'L'"),
        ("0 3 * * 5L", "UTC", "does not know '5L'"),
        ("0 3 * MON 1", "UTC", "does not know 'MON'"),
        ("0 0 3 * * 1", "UTC", "expected five fields"),
        ("0 0 */2 * 1", "UTC", "stepped day together with a weekday"),
        ("0 0 * * 8-7", "UTC", "does not know the weekday '8'"),
    ],
)
def test_what_kfp_reads_otherwise_is_refused(cron, timezone, message):
    with pytest.raises(ValueError, match=message):
        kfp_cron(Schedule(cron=cron, timezone=timezone))
