use paced::wasm::*;
use paced_core::policy::*;
use std::sync::Arc;
fn main() {
    for f in std::env::args().skip(1) {
        let mut out = Vec::new();
        match paced::cli::policy::inspect(std::path::Path::new(&f), &mut out) {
            Ok(()) => {}
            Err(e) => {
                println!("ERR {e}");
                continue;
            }
        }
        println!("{}", String::from_utf8(out).unwrap());
        let bytes = std::fs::read(&f).unwrap();
        let t = std::time::Instant::now();
        let engine = Engine::start().unwrap();
        println!("engine {:?} pooled {}", t.elapsed(), engine.is_pooled());
        let t = std::time::Instant::now();
        let l = Arc::new(engine.load(&bytes, &Limits::default()).unwrap());
        println!("load {:?}", t.elapsed());
        let mut p = WasmPolicy::new(l, &[]).unwrap();
        let i = Input {
            campaign: CampaignView {
                id: "c1".into(),
                configured_agents: 20,
                target_utilization: 0.85,
                min_dial_ratio: 0.1,
                max_dial_ratio: 5.0,
                max_abandonment: 0.05,
                abandonment_of: AbandonmentOf::Answered,
                abandonment_budget: 3.0,
                shift_end_ms: None,
            },
            now_ms: 1_700_000_000_000,
            since_last_decision_s: Some(15.0),
            dial_ratio: 1.5,
            reading: ReadingView {
                age_s: 2.0,
                fresh: true,
                agents_available: 4.0,
                agents_busy: 16.0,
                wrap_up_s_mean: Some(30.0),
            },
            windows: WindowsView::default(),
            params: p.params().to_vec(),
            state: vec![],
            seed: 7,
            guard_reasons: vec![],
        };
        println!("{:?}", p.decide(&i));
        let mut bad = i.clone();
        bad.params.clear();
        println!("no params: {:?}", p.decide(&bad));
        let mut bad = i.clone();
        bad.state = vec![255; 9];
        println!("bad state: {:?}", p.decide(&bad));
        let t = std::time::Instant::now();
        for _ in 0..2000 {
            p.decide(&i).unwrap();
        }
        println!("per decision {:?}", t.elapsed() / 2000);
    }
}
