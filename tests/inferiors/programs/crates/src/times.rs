//! Dates and times.

use chrono::{DateTime, FixedOffset, Local, NaiveDate, NaiveTime, TimeDelta, Utc};
use ready::keep;

pub fn chrono() {
    let leap_day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let ancient = NaiveDate::from_ymd_opt(-44, 3, 15).unwrap();
    let distant = NaiveDate::from_ymd_opt(12345, 12, 31).unwrap();
    let time = NaiveTime::from_hms_milli_opt(13, 5, 9, 250).unwrap();
    let midnight = NaiveTime::MIN;
    let leap_second = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap();
    let naive = leap_day.and_time(time);
    let utc: DateTime<Utc> = naive.and_utc();
    let east = FixedOffset::east_opt(5 * 3600 + 30 * 60).unwrap();
    let indian: DateTime<FixedOffset> = utc.with_timezone(&east);
    let west = FixedOffset::west_opt(8 * 3600).unwrap();
    let new_year = DateTime::from_timestamp(0, 0).unwrap().with_timezone(&west);
    let local: DateTime<Local> = DateTime::from_timestamp(86_400, 0).unwrap().into();
    let optional = Some(leap_day);
    let none: Option<NaiveDate> = None;
    let delta = TimeDelta::milliseconds(1500);
    let negative = TimeDelta::milliseconds(-250);
    keep(&(&utc, &indian, &new_year, &local, &delta)); // @chrono
}
