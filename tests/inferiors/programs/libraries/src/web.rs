//! Addresses and headers.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use ipnet::{IpNet, Ipv4Net};
use url::Url;

pub fn web() {
    let url = Url::parse("https://user@example.com:8443/a/b?q=1#top").unwrap();
    let uri: Uri = "https://example.com:8443/a/b?q=1".parse().unwrap();
    let bare: Uri = "http://example.com".parse().unwrap();
    let query: Uri = "http://example.com?x=1".parse().unwrap();
    let path: Uri = "/only/a/path".parse().unwrap();
    let authority: Uri = "example.com:80".parse().unwrap();
    let star: Uri = "*".parse().unwrap();
    let custom: Uri = "ftp://files.example.com/x".parse().unwrap();
    let get = Method::GET;
    let purge = Method::from_bytes(b"PURGE").unwrap();
    let long_method = Method::from_bytes(b"AVERYLONGMETHODNAME").unwrap();
    let status = StatusCode::NOT_FOUND;
    let net: Ipv4Net = "10.1.0.0/16".parse().unwrap();
    let net6: IpNet = "2001:db8::/32".parse().unwrap();
    println!("web url {:?}", url.as_str());
    println!("web uri {:?}", uri.to_string());
    println!("web bare {:?}", bare.to_string());
    println!("web query {:?}", query.to_string());
    println!("web path {:?}", path.to_string());
    println!("web authority {:?}", authority.to_string());
    println!("web star {:?}", star.to_string());
    println!("web custom {:?}", custom.to_string());
    ready::keep(&(&url, &uri, &bare, &query, &path, &authority, &star, &custom));
    tell!("web": get, purge, long_method, status, net, net6);
    ready::keep(&net); // @web
}

pub fn headers() {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("text/html"));
    headers.insert("etag", HeaderValue::from_static("\"x\""));
    headers.insert("x-request-id", HeaderValue::from_static("17"));
    let mut several = HeaderMap::new();
    several.append("set-cookie", HeaderValue::from_static("a=1"));
    several.append("set-cookie", HeaderValue::from_static("b=2"));
    let name = HeaderName::from_static("sec-websocket-key");
    let own_name = HeaderName::from_static("x-own");
    let empty: HeaderMap = HeaderMap::new();
    tell!("headers": headers, several, name, own_name, empty);
    ready::keep(&empty); // @headers
}
