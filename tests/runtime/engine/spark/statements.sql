-- Statements of DuckDB's dialect over a table t of many types, by name.

-- every type
select * from t order by r;

-- aggregates
select count(*), count(f), count(distinct f), count(distinct i), sum(i), sum(big), sum(u8), sum(u64),
  sum(d), sum(f), sum(g), sum(f32), avg(i), avg(d), avg(g), avg(big), min(f), max(f), min(s), max(s), min(ts), max(dt),
  min(tm), min(bin), max(b), bool_and(b), bool_or(b), count_if(b) from t;

-- grouped, filtered
select k, count(*) filter (where i > 0), sum(g) filter (where b), stddev(g), var_samp(i),
  stddev_pop(g), median(i), quantile_cont(g, 0.25), quantile_cont(f32, 0.3), median(d), quantile_cont(big, 0.5),
  quantile_disc(i, 0.3), quantile_disc(g, [0.1, 0.9]), count(distinct s) filter (where b), arg_max(s, r), arg_min(i, g),
  max_by(r, ts), corr(g, f32), covar_samp(g, f32), arg_max(s, r) filter (where b) from t group by k order by k;

-- of no rows
select count(*), sum(i), sum(g), avg(d), min(s), median(g), stddev(g), max(l) from t where i > 99;

-- numbers
select r, i/2, i/0, i//2, i % 3, i + 1, i * u8, d * d, d + 1, d / 3, f * 2, g - i, -i, abs(g), abs(i),
  round(g, 2), floor(g), ceil(g), trunc(g), sqrt(abs(g)), greatest(i, k), least(g, 0.5), 1e400, 0x1F from t order by r;

-- casts
select r, cast(g as int), cast(d as int), cast(i as varchar), cast(g as varchar), cast(ts as varchar),
  cast(ts as date), cast(dt as timestamptz), try_cast(s as int), try_cast(s as date), cast(i as double),
  cast(u64 as double), cast(i as bigint), cast(f32 as double), cast(b as int), cast(i as decimal(9, 2)) from t order by r;

-- texts
select r, upper(s), length(s), s || 'x', s like 'a%', s ilike 'b', regexp_matches(s, '^[a-z]+'),
  regexp_matches(cast(i as varchar), '1'), regexp_replace(s, 'a', 'z'), substr(s, 1, 1), strlen(s), coalesce(s, '?'),
  nullif(s, 'a'), s in ('a', 'it''s'), s not in ('a', null), s = 'back\slash', s > 'a' from t order by r;

-- conditions
select r, s is null, case when i > 0 then 'p' when i < 0 then 'n' end, case i when 1 then 'x' else 'y' end,
  if(i > 0, s, 'z'), i between 0 and 3, dt > '2020-01-15', ts <= '2020-01-02 00:00:00+01', tm > '10:00', i = 1.0, f = 'nan',
  f is distinct from g, f is not distinct from f, case when g > 0 then i else d end, coalesce(i, g), i > g, d > g, d = i,
  u64 > big, i in (1, 2.0), (i, k) in ((1, 2)), not (b and i > 0), b is true from t order by r;

-- times
select r, date_trunc('hour', ts), extract(hour from ts), ts + interval 1 day, date_diff('day', dt, cast(ts as date)),
  dt + 1, strftime(ts, '%Y-%m'), epoch_us(ts), epoch(ts), year(dt), dayofweek(dt), timezone('Europe/Berlin', ts),
  greatest(dt, cast('2020-01-10' as date)), ts > timestamptz '2020-01-01 10:00:00+00' from t order by r;

-- nested
select r, l[1], len(l), st.a, st['b'], {'x': i, 'y': s}, row(i, s), [i, k], list_contains(l, 1), hash(s),
  md5_number_lower(cast(row(k, s) as varchar)), list_transform(l, lambda x: x + 1) from t order by r;

-- windows
select r, row_number() over (partition by k order by g, r), rank() over (order by i), dense_rank() over (partition
  by k order by i desc), lag(i) over (partition by k order by r), lead(s, 2, 'none') over (partition by k order by r),
  sum(i) over (partition by k order by r), sum(g) over (partition by k order by r rows between 3 preceding and current row),
  avg(i) over (partition by k), count(*) filter (where b) over (partition by k order by r), ntile(3) over (order by r),
  last_value(s ignore nulls) over (partition by k order by r), max(g) over w, first_value(s) over w
  from t window w as (partition by k order by r) order by r;

-- frames over values
select r, count(i) over (order by ts range between interval 1 hour preceding and current row),
  count(distinct s) over (partition by k order by r range between 20 preceding and current row),
  arg_max(s, r) over (partition by k order by r range between 20 preceding and current row),
  quantile_cont(g, 0.5) over (partition by k order by r range between 20 preceding and current row),
  stddev_samp(g) over (partition by k order by r range between 20 preceding and current row) from t order by r;

-- with
with a as (select k, sum(g) as total from t group by k), b as (select k, total / 2 as half from a where total > 0)
  select a.k, a.total, b.half, round(b.half, 3) from a left join b using (k) order by a.k;

-- joins
select a.k, b.r from t a join t b on a.k = b.k and a.r + 1 = b.r order by all;

-- anti join
select a.r from t a anti join (select r from t where b) x on a.r = x.r order by all;

-- distinct
select distinct k, b from t order by all;

-- distinct on
select distinct on (k) k, r, s from t order by k, r desc;

-- having
select k, count(*) as n from t group by all having n > 10 order by n, k limit 3;

-- union
select k from t where i > 3 union select k from t where i < -3 order by k;

-- union all
select k from t where i > 3 union all select cast(u8 as bigint) from t where u8 < 10 order by 1;

-- except
select k from t except select k from t where b order by all;

-- subqueries
select r, (select max(g) from t) - g from t where k in (select k from t where i = 5 and b) order by r;

-- qualify
select r, i from t qualify row_number() over (partition by k order by r) = 1 order by r;

-- star
select * exclude (l, st) replace (i + 1 as i) from t as t order by r;

-- values
select sum(x) as t, count(*) from (values (1), (2), (null)) v(x);

-- nulls
select null as n, 1 as one, 'a' as "odd; name", r from t order by r limit 3;

-- rollup
select k, sum(r) from t group by rollup (k) order by k;

-- order
select i, f, d, s, ts from t order by i, f desc, s nulls first, d, ts, r;

-- row numbers
select *, row_number() over () as n from (select r, case when not isnan(f) then f end as f from t) as t order by n;
select r, case when not isnan(try(f)) then f end as f from t order by r;

-- sums in whole numbers
select sum(cast(trunc(f) as bigint)), sum(case when abs(f) < 100 then f end) from t where not isnan(f);

-- asof
select a.r, b.r as other, b.s from (select r, k, ts from t) as a asof left join
  (select r, k, s, ts from t where b) as b on a.k = b.k and a.ts >= b.ts order by a.r, other;
