//! Numbers of several words, and dates packed into one.

use num_bigint::{BigInt, BigUint};
use rust_decimal::Decimal;
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

pub fn numbers() {
    let zero = BigUint::from(0u32);
    let big = BigUint::from(3u32).pow(200);
    let negative = BigInt::from(-7) * BigInt::from(10).pow(30);
    let none = BigInt::from(0);
    let huge = BigUint::from(1u32) << 100_000;
    let price = Decimal::new(-12_345, 2);
    let equal = Decimal::new(-123_450, 3);
    let small = Decimal::new(5, 28);
    let whole = Decimal::from(42);
    let wide = Decimal::MAX;
    tell!("numbers": zero, big, negative, none, price, equal, small, whole, wide);
    ready::keep(&huge); // @numbers
}

pub fn times() {
    let date = Date::from_calendar_date(2024, Month::February, 29).unwrap();
    let ancient = Date::from_calendar_date(-44, Month::March, 15).unwrap();
    let odd_year = Date::from_calendar_date(2025, Month::December, 31).unwrap();
    let clock = Time::from_hms_milli(13, 5, 9, 250).unwrap();
    let moment = PrimitiveDateTime::new(date, clock);
    let india = UtcOffset::from_hms(5, 30, 0).unwrap();
    let there: OffsetDateTime = moment.assume_offset(india);
    let utc = OffsetDateTime::from_unix_timestamp(0).unwrap();
    let span = Duration::milliseconds(-1500);
    ready::keep(&(&date, &ancient, &odd_year, &clock, &moment));
    ready::keep(&(&india, &there, &utc, &span)); // @times
}
