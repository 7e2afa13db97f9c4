//! Documents of no fixed type.

use serde_json::json;

pub fn json() {
    let null = json!(null);
    let document = json!({
        "name": "crab",
        "legs": 10,
        "depth": -3,
        "weight": 0.25,
        "big": u64::MAX,
        "wet": true,
        "tags": ["a", {"b": [1, 2]}, null],
        "none": {},
    });
    let list = json!([1, "two", [3.5]]);
    let number = serde_json::Number::from(5);
    let optional = Some(json!("text"));
    println!("json document {document}");
    println!("json list {list}");
    println!("json null {null}");
    ready::keep(&(&null, &document, &list, &number, &optional)); // @json
}

pub fn toml() {
    let mut table = toml::Table::new();
    table.insert("name".into(), toml::Value::String("crab".into()));
    table.insert(
        "ports".into(),
        toml::Value::Array(vec![80.into(), 443.into()]),
    );
    table.insert("ratio".into(), toml::Value::Float(0.5));
    table.insert("on".into(), toml::Value::Boolean(true));
    let day = toml::value::Date {
        year: 2024,
        month: 2,
        day: 9,
    };
    let time = toml::value::Time {
        hour: 7,
        minute: 5,
        second: 9,
        nanosecond: 0,
    };
    let precise = toml::value::Time {
        nanosecond: 250_000_000,
        ..time
    };
    let offset = Some(toml::value::Offset::Custom { minutes: -90 });
    let moment =
        |date, time, offset| toml::Value::Datetime(toml::value::Datetime { date, time, offset });
    let date = moment(Some(day), None, None);
    let clock = moment(None, Some(precise), None);
    let utc = moment(Some(day), Some(time), Some(toml::value::Offset::Z));
    let west = moment(Some(day), Some(time), offset);
    let value = toml::Value::Table(table.clone());
    ready::keep(&(&table, &value, &date, &clock, &utc, &west)); // @toml
}
