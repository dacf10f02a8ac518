use serde_json::Value;
fn diff(at: &str, e: &Value, a: &Value, f: &mut Vec<String>) {
    match (e, a) {
        (Value::Object(e), Value::Object(a)) => {
            for (k, v) in e {
                diff(&format!("{at}.{k}"), v, a.get(k).unwrap_or(&Value::Null), f)
            }
        }
        (Value::Array(e), Value::Array(a)) => {
            if e.len() != a.len() {
                f.push(format!("{at}: {} {}\n   {a:?}", e.len(), a.len()));
            }
            for (i, (e, a)) in e.iter().zip(a).enumerate() {
                diff(&format!("{at}[{i}]"), e, a, f)
            }
        }
        (Value::Number(e), Value::Number(a)) => {
            let (e, a) = (e.as_f64().unwrap(), a.as_f64().unwrap());
            if (e - a).abs() > 1e-9 * e.abs().max(1.0) {
                f.push(format!("{at}: expected {e} got {a}"))
            }
        }
        (e, a) if e == a => {}
        (e, a) => f.push(format!("{at}: expected {e} got {a}")),
    }
}
#[test]
fn scratch_vectors() {
    let mut bad = Vec::new();
    for folder in ["value", "scope", "quality", "flow"] {
        let Ok(dir) = std::fs::read_dir(format!("/work/value/tests/vectors/{folder}")) else { continue };
        for path in dir.map(|e| e.unwrap().path()) {
            let v: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|e| panic!("{path:?} {e}"));
            let mut s = crate::ValueStream::new();
            for e in v["events"].as_array().unwrap() {
                if let Err(x) = crate::call(&mut s, "apply", &e.to_string()) {
                    bad.push(format!("{path:?} apply {x} {e}"));
                }
            }
            for (n, c) in v["calls"].as_array().unwrap().iter().enumerate() {
                let mut args = c["args"].clone();
                if args.is_null() {
                    args = serde_json::json!({});
                }
                if !c["as_of"].is_null() {
                    args["as_of"] = c["as_of"].clone();
                }
                let r = crate::call(&mut s, c["call"].as_str().unwrap(), &args.to_string());
                let at = format!("{} call {n}", path.file_name().unwrap().to_str().unwrap());
                match (r, c.get("error")) {
                    (Ok(t), None) => {
                        let a: Value = serde_json::from_str(&t).unwrap();
                        diff(&at, &c["expect"], &a, &mut bad)
                    }
                    (Err(e), Some(x)) => {
                        if x["code"] != e.code() {
                            bad.push(format!("{at}: {e}"))
                        } else {
                            println!("{at}: {e}")
                        }
                    }
                    (Ok(t), Some(_)) => bad.push(format!("{at}: no error {t}")),
                    (Err(e), None) => bad.push(format!("{at}: error {e}")),
                }
            }
        }
    }
    assert!(bad.is_empty(), "\n{}", bad.join("\n"));
}
