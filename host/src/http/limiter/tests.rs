use proptest::prelude::*;

use super::*;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Seconds of platform time from `start` at which each of `count` requests got its place.
async fn places(limiter: &Limiter, clock: Clock, count: usize) -> Vec<u64> {
    let start = clock.now();
    let mut places = Vec::new();
    for _ in 0..count {
        limiter.acquire(0, start + seconds(3_600)).await.unwrap();
        places.push(clock.now().since(start).as_secs());
    }
    places
}

#[tokio::test(start_paused = true)]
async fn allows_a_small_burst_and_then_the_steady_rate() {
    let clock = Clock::start(1.0);
    let limiter = Limiter::new("test", 6, 3, clock);
    assert_eq!(places(&limiter, clock, 6).await, [0, 0, 0, 10, 20, 30]);
}

#[tokio::test(start_paused = true)]
async fn counts_in_platform_time() {
    let clock = Clock::start(20.0);
    let started = Instant::now();
    assert_eq!(places(&Limiter::new("test", 61, 1, clock), clock, 21).await.last(), Some(&20));
    assert_eq!(started.elapsed(), seconds(1));
}

#[tokio::test(start_paused = true)]
async fn serves_by_priority_and_then_by_arrival() {
    let clock = Clock::start(1.0);
    let limiter = Arc::new(Limiter::new("test", 60, 1, clock));
    limiter.acquire(0, clock.now() + seconds(1)).await.unwrap();
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for (name, priority) in [("read", 4), ("raise 1", 2), ("lower", 1), ("raise 2", 2), ("pause", 0)] {
        let (limiter, served) = (Arc::clone(&limiter), Arc::clone(&served));
        tasks.spawn(async move {
            limiter.acquire(priority, clock.now() + seconds(60)).await.unwrap();
            served.lock().unwrap().push(name);
        });
        tokio::task::yield_now().await;
    }
    tasks.join_all().await;
    assert_eq!(*served.lock().unwrap(), ["pause", "lower", "raise 1", "raise 2", "read"]);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_served_in_time_is_told_at_once() {
    let clock = Clock::start(1.0);
    // 61 in a window of 61 s: one a second.
    let limiter = Limiter::new("test", 61, 1, clock);
    limiter.acquire(0, clock.now()).await.unwrap();
    let before = clock.now();
    assert!(limiter.acquire(0, before + Duration::from_millis(999)).await.is_err());
    assert_eq!(clock.now(), before);
    assert!(limiter.acquire(0, before + seconds(1)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_is_pushed_back_past_its_deadline_is_told_at_once() {
    let clock = Clock::start(1.0);
    let limiter = Arc::new(Limiter::new("test", 6, 1, clock));
    let start = clock.now();
    limiter.acquire(0, start).await.unwrap();
    let spawn = |priority| {
        let limiter = Arc::clone(&limiter);
        tokio::spawn(async move { limiter.acquire(priority, start + seconds(15)).await })
    };
    let read = spawn(4);
    tokio::task::yield_now().await;
    let pause = spawn(0);
    assert!(read.await.unwrap().is_err());
    assert_eq!(clock.now(), start, "the read was turned away when the pause came, not at its deadline");
    assert!(pause.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_waiter_leaves_no_hole() {
    let clock = Clock::start(1.0);
    let limiter = Arc::new(Limiter::new("test", 61, 1, clock));
    let start = clock.now();
    limiter.acquire(0, start).await.unwrap();
    let first = tokio::spawn({
        let limiter = Arc::clone(&limiter);
        async move { limiter.acquire(0, start + seconds(60)).await }
    });
    tokio::task::yield_now().await;
    let second = tokio::spawn({
        let limiter = Arc::clone(&limiter);
        async move { limiter.acquire(1, start + seconds(60)).await }
    });
    tokio::task::yield_now().await;
    first.abort();
    second.await.unwrap().unwrap();
    assert_eq!(clock.now(), start + seconds(1));
    assert!(limiter.lock().waiting.is_empty());
}

#[tokio::test(start_paused = true)]
async fn lets_nothing_through_while_closed() {
    let clock = Clock::start(1.0);
    let limiter = Arc::new(Limiter::new("test", 600, 5, clock));
    let start = clock.now();
    limiter.close_until(start + seconds(30));
    limiter.close_until(start + seconds(20));
    assert!(limiter.acquire(0, start + seconds(29)).await.is_err());
    assert_eq!(clock.now(), start);
    limiter.acquire(0, start + seconds(60)).await.unwrap();
    assert_eq!(clock.now(), start + seconds(30));
}

#[tokio::test(start_paused = true)]
async fn closing_turns_away_those_who_would_come_too_late() {
    let clock = Clock::start(1.0);
    let limiter = Arc::new(Limiter::new("test", 6, 1, clock));
    let start = clock.now();
    limiter.acquire(0, start).await.unwrap();
    let waiting = tokio::spawn({
        let limiter = Arc::clone(&limiter);
        async move { limiter.acquire(0, start + seconds(15)).await }
    });
    tokio::task::yield_now().await;
    limiter.close_until(start + seconds(20));
    assert!(waiting.await.unwrap().is_err());
    assert_eq!(clock.now(), start);
}

#[test]
fn a_full_queue_turns_away_the_least_urgent() {
    let now = Instant::now();
    let mut queue = Queue::new(1_000_000, 1, WINDOW);
    let mut enter = |priority| queue.enter(priority, now + seconds(60), Arc::new(Notify::new()), now);
    for _ in 0..MAX_WAITING {
        enter(3);
    }
    let pause = enter(0);
    let read = enter(4);
    assert_eq!(queue.waiting.len(), MAX_WAITING);
    assert_eq!(queue.turn(read, now), Turn::Lost);
    assert_eq!(queue.turn(pause, now), Turn::Granted);
}

proptest! {
    /// Whenever requests come, no minute holds more than the quota, and no instant more than the burst.
    #[test]
    fn no_minute_holds_more_than_the_quota(
        per_minute in 1_u32..40,
        burst in 1_u32..6,
        gaps_ms in proptest::collection::vec(0_u64..20_000, 1..150),
    ) {
        let start = Instant::now();
        let mut queue = Queue::new(per_minute, burst, WINDOW);
        let mut now = start;
        let mut granted = Vec::new();
        for gap in gaps_ms {
            now += Duration::from_millis(gap);
            let key = queue.enter(0, now + seconds(3_600), Arc::new(Notify::new()), now);
            while let Turn::At(at) = queue.turn(key, now) {
                prop_assert!(at > now);
                now = at;
            }
            queue.leave(key);
            granted.push(now);
        }
        for (index, &first) in granted.iter().enumerate() {
            let within = |span: Duration| granted[index..].iter().filter(|&&at| at < first + span).count();
            prop_assert!(within(WINDOW) <= per_minute as usize);
            prop_assert!(within(Duration::from_nanos(1)) <= burst as usize);
        }
    }
}
