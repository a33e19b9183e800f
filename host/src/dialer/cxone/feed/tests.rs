use reqwest::StatusCode;

use super::super::dates;
use super::*;

fn at(time: &str) -> Timestamp {
    dates::read(&format!("2023-11-14T{time}Z")).unwrap()
}

/// An answer at `now` by our clock, with this Date header, that took a second.
fn reply(now: &str, date: Option<&str>) -> Reply {
    let now = at(now);
    Reply {
        status: StatusCode::OK,
        date: date.map(at),
        sent_at: now - Duration::from_secs(1),
        answered_at: now,
        retry_after: None,
        body: Vec::new(),
    }
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

fn feed() -> Feed {
    Feed::new(Duration::from_secs(15))
}

/// Learns from an answer about campaign "a" whose Date header agrees with our clock.
fn learn(feed: &mut Feed, now: &str, dates_to: &[&str]) -> PlatformNow {
    feed.learn(&ids(&["a"]), &reply(now, Some(now)), &dates_to.iter().map(|to| at(to)).collect::<Vec<_>>())
}

#[test]
fn ten_minutes_are_asked_for_until_buckets_are_known_to_run() {
    let mut feed = feed();
    assert_eq!(feed.date_from(&ids(&["a"]), at("12:13:00")), at("12:00:00"));
    learn(&mut feed, "12:13:00", &["12:05:00", "12:10:00"]);
    assert!(!feed.running);
    assert_eq!(feed.date_from(&ids(&["a"]), at("12:13:15")), at("12:00:00"));
    learn(&mut feed, "12:13:15", &["12:13:10"]);
    assert_eq!(feed.date_from(&ids(&["a"]), at("12:13:30")), at("12:10:00"));
}

#[test]
fn running_buckets_are_known_by_their_end() {
    for (date_to, running) in [
        ("12:10:00", false),
        ("12:09:59.999", false),
        ("12:10:01", false),
        ("12:12:58", true),
        ("12:15:00", true),
        ("12:30:00", false), // not on the grid of what is possible
    ] {
        let mut feed = feed();
        learn(&mut feed, "12:13:00", &[date_to]);
        assert_eq!(feed.running, running, "{date_to}");
    }
}

#[test]
fn a_bucket_that_just_closed_is_not_running_because_our_clock_is_slow() {
    let mut feed = feed();
    feed.learn(&ids(&["a"]), &reply("12:09:20", Some("12:10:05")), &[at("12:10:00")]);
    assert!(!feed.running);
    feed.learn(&ids(&["a"]), &reply("12:09:20", None), &[at("12:10:00")]);
    assert!(!feed.running);
}

#[test]
fn a_query_reaches_back_over_the_bucket_that_just_closed() {
    let mut feed = feed();
    learn(&mut feed, "12:14:50", &["12:14:50"]);
    for (now, from) in [("12:15:05", "12:10:00"), ("12:15:59", "12:10:00"), ("12:16:00", "12:10:00")] {
        assert_eq!(feed.date_from(&ids(&["a"]), at(now)), at(from), "{now}");
    }
    learn(&mut feed, "12:16:00", &["12:16:00"]);
    assert_eq!(feed.date_from(&ids(&["a"]), at("12:16:15")), at("12:15:00"));
    let slow = Feed { running: true, ..Feed::new(Duration::from_secs(120)) };
    let slow = Feed { answered_at: feed.answered_at.clone(), ..slow };
    assert_eq!(slow.date_from(&ids(&["a"]), at("12:18:00")), at("12:10:00"), "two intervals of two minutes");
}

#[test]
fn after_silence_a_query_reaches_back_to_the_last_answer() {
    let mut feed = feed();
    learn(&mut feed, "12:14:50", &["12:14:50"]);
    assert_eq!(feed.date_from(&ids(&["a"]), at("12:21:00")), at("12:10:00"));
    assert_eq!(feed.date_from(&ids(&["a"]), at("12:59:00")), at("12:45:00"), "ten minutes at most");
    assert_eq!(feed.date_from(&ids(&["a", "new"]), at("12:15:00")), at("12:05:00"), "as for a new campaign");
}

#[test]
fn a_feed_that_lags_is_asked_for_more() {
    let mut feed = feed();
    learn(&mut feed, "12:16:15", &["12:14:15"]);
    assert_eq!(feed.date_from(&ids(&["a"]), at("12:16:30")), at("12:10:00"));
}

#[test]
fn ages_are_taken_against_our_clock_where_the_platforms_agrees() {
    for date in ["12:13:00", "12:11:00", "12:15:00"] {
        let mut feed = feed();
        let learned = feed.learn(&ids(&["a"]), &reply("12:13:00", Some(date)), &[at("12:10:00")]);
        assert_eq!(learned.now, at("12:13:00"), "{date}");
        assert_eq!(feed.platform_now(at("12:14:00")), at("12:14:00"));
    }
}

#[test]
fn ages_are_taken_against_the_newest_data_where_the_platforms_clock_is_off() {
    for (date, data) in [("13:13:00", "13:12:50"), ("11:13:00", "11:12:50")] {
        let mut feed = feed();
        let learned = feed.learn(&ids(&["a"]), &reply("12:13:00", Some(date)), &[at(data)]);
        assert_eq!(learned.now, at(data));
        assert_eq!(feed.platform_now(at("12:13:10")), at(date) + Duration::from_secs(10), "queries are corrected");
        assert!(feed.skew_reported && feed.running);
        let learned = learn(&mut feed, "12:13:15", &["12:13:10"]);
        assert_eq!(learned.now, at("12:13:15"), "it is right again");
    }
}

#[test]
fn without_a_date_header_data_from_ahead_shows_the_platforms_clock() {
    let mut feed = feed();
    let learned = feed.learn(&ids(&["a"]), &reply("12:13:00", None), &[at("13:10:00"), at("13:12:50")]);
    assert_eq!(learned.now, at("13:12:50"));
    // One entity that lies ahead, while others do not, is absurd by itself.
    let learned = feed.learn(&ids(&["a"]), &reply("12:13:00", None), &[at("13:10:00"), at("12:12:50")]);
    assert_eq!((learned.now, learned.latest), (at("12:13:00"), at("12:20:00")));
    let far = dates::read("2099-01-01T00:00:00Z").unwrap();
    assert_eq!(feed.learn(&ids(&["a"]), &reply("12:13:00", None), &[far]).now, at("12:13:00"));
}

#[test]
fn a_slow_answer_is_no_skew() {
    let slow = Reply { sent_at: at("12:08:00"), ..reply("12:13:00", Some("12:09:00")) };
    assert_eq!(feed().learn(&ids(&["a"]), &slow, &[]).now, at("12:13:00"));
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut feed = feed();
    let many = (0..REMEMBERED_MAX).map(|id| id.to_string()).collect::<Vec<_>>();
    feed.learn(&many, &reply("12:13:00", None), &[]);
    learn(&mut feed, "12:13:15", &[]);
    assert_eq!(feed.answered_at.len(), 1);
}
