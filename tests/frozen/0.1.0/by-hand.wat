;; A policy that touches every field of contract 0.1, by its offset in memory. Its ratio is the one in force and `kp`;
;; its signals are a sum of all numbers that it is shown, weighed by their place so that no two can be mistaken for each
;; other, the lengths of all its lists and texts, and the seed; its state grows by a byte. It holds on an old reading,
;; and declines on an overspent budget.
(module
  (import "paced:policy/log@0.1.0" "write" (func $log (param i32 i32 i32)))
  (memory (export "memory") 2)
  (global $heap (mut i32) (i32.const 65536))

  (data (i32.const 16) "by-hand") (data (i32.const 24) "0.1.0") (data (i32.const 32) "every field, by hand")
  (data (i32.const 64)
    "\10\00\00\00\07\00\00\00" "\18\00\00\00\05\00\00\00" "\20\00\00\00\14\00\00\00" ;; name, version, summary
    "\01\00\00\00" "\80\00\00\00\05\00\00\00")                                       ;; state version, params
  ;; Params from 128 on, 64 bytes each: name, kind, default, unit, help.
  (data (i32.const 1024) "kp") (data (i32.const 1032) "n") (data (i32.const 1040) "on")
  (data (i32.const 1048) "text") (data (i32.const 1056) "word") (data (i32.const 1064) "s") (data (i32.const 1072) "help")
  (data (i32.const 128)
    "\00\04\00\00\02\00\00\00" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\14\40"
    "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\d0\3f" "\28\04\00\00\01\00\00\00" "\30\04\00\00\04\00\00\00")
  (data (i32.const 192)
    "\08\04\00\00\01\00\00\00" "\01\00\00\00\00\00\00\00" "\ff\ff\ff\ff\ff\ff\ff\ff" "\09\00\00\00\00\00\00\00"
    "\01\00\00\00\00\00\00\00" "\03\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00")
  (data (i32.const 256)
    "\10\04\00\00\02\00\00\00" "\02\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00"
    "\02\00\00\00\00\00\00\00" "\01\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00")
  (data (i32.const 320)
    "\18\04\00\00\04\00\00\00" "\03\00\00\00\00\00\00\00" "\10\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00"
    "\03\00\00\00\00\00\00\00" "\18\04\00\00\04\00\00\00" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00")
  (data (i32.const 384)
    "\20\04\00\00\04\00\00\00" "\04\00\00\00\00\00\00\00" "\50\04\00\00\02\00\00\00" "\00\00\00\00\00\00\00\00"
    "\03\00\00\00\00\00\00\00" "\18\04\00\00\04\00\00\00" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00")
  (data (i32.const 1104) "\18\04\00\00\04\00\00\00" "\20\04\00\00\04\00\00\00") ;; the words of the choice

  ;; The result of `decide` from 2048 on, its signals from 2112 on, and their names.
  (data (i32.const 2176) "numbers") (data (i32.const 2184) "lengths") (data (i32.const 2192) "seed")
  (data (i32.const 2200) "by hand") (data (i32.const 2208) "overspent")
  (data (i32.const 2112) "\80\08\00\00\07\00\00\00") (data (i32.const 2128) "\88\08\00\00\07\00\00\00")
  (data (i32.const 2144) "\90\08\00\00\04\00\00\00")

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.get $heap)
    (global.set $heap (i32.and (i32.add (i32.add (global.get $heap) (local.get 3)) (i32.const 15)) (i32.const -8))))

  (func (export "paced:policy/controller@0.1.0#describe") (result i32) (i32.const 64))

  (func $f (param $at i32) (result f64) (f64.load (local.get $at)))
  (func $u (param $at i32) (result f64) (f64.convert_i32_u (i32.load (local.get $at))))
  (func $b (param $at i32) (result f64) (f64.convert_i32_u (i32.load8_u (local.get $at))))
  (func $w (param $at i32) (result f64) (f64.convert_i64_u (i64.load (local.get $at))))
  (func $window (param $at i32) (result f64)
    (call $u (local.get $at))                                         ;; offered, answered, abandoned, covered-s
    (f64.mul (f64.const 0.75)) (f64.add (call $u (i32.add (local.get $at) (i32.const 4))))
    (f64.mul (f64.const 0.75)) (f64.add (call $u (i32.add (local.get $at) (i32.const 8))))
    (f64.mul (f64.const 0.75)) (f64.add (call $f (i32.add (local.get $at) (i32.const 16)))))

  (func $numbers (param $i i32) (result f64)
    (call $u (i32.add (local.get $i) (i32.const 8)))                  ;; configured-agents
    (f64.mul (f64.const 0.75)) (f64.add (call $f (i32.add (local.get $i) (i32.const 16))))       ;; target-utilization
    (f64.mul (f64.const 0.75)) (f64.add (call $f (i32.add (local.get $i) (i32.const 24))))       ;; min-dial-ratio
    (f64.mul (f64.const 0.75)) (f64.add (call $f (i32.add (local.get $i) (i32.const 32))))       ;; max-dial-ratio
    (f64.mul (f64.const 0.75)) (f64.add (call $f (i32.add (local.get $i) (i32.const 40))))       ;; max-abandonment
    (f64.mul (f64.const 0.75)) (f64.add (call $b (i32.add (local.get $i) (i32.const 48))))       ;; abandonment-of
    (f64.mul (f64.const 0.75)) (f64.add (call $f (i32.add (local.get $i) (i32.const 56))))       ;; abandonment-budget
    (f64.mul (f64.const 0.75)) (f64.add (call $b (i32.add (local.get $i) (i32.const 64))))       ;; shift-end-ms
    (f64.mul (f64.const 0.75)) (f64.add (call $w (i32.add (local.get $i) (i32.const 72))))
    (f64.mul (f64.const 0.75)) (f64.add (call $w (i32.add (local.get $i) (i32.const 80))))       ;; now-ms
    (f64.mul (f64.const 0.75)) (f64.add (call $b (i32.add (local.get $i) (i32.const 88))))       ;; since-last-decision-s
    (f64.mul (f64.const 0.75)) (f64.add (call $f (i32.add (local.get $i) (i32.const 96))))
    (f64.mul (f64.const 0.75)) (f64.add (call $f (i32.add (local.get $i) (i32.const 112))))      ;; age-s
    (f64.mul (f64.const 0.75)) (f64.add (call $b (i32.add (local.get $i) (i32.const 120))))      ;; fresh
    (f64.mul (f64.const 0.75)) (f64.add (call $f (i32.add (local.get $i) (i32.const 128))))      ;; agents-available
    (f64.mul (f64.const 0.75)) (f64.add (call $f (i32.add (local.get $i) (i32.const 136))))      ;; agents-busy
    (f64.mul (f64.const 0.75)) (f64.add (call $b (i32.add (local.get $i) (i32.const 144))))      ;; wrap-up-s-mean
    (f64.mul (f64.const 0.75)) (f64.add (call $f (i32.add (local.get $i) (i32.const 152))))
    (f64.mul (f64.const 0.75)) (f64.add (call $window (i32.add (local.get $i) (i32.const 160)))) ;; windows
    (f64.mul (f64.const 0.75)) (f64.add (call $window (i32.add (local.get $i) (i32.const 184))))
    (f64.mul (f64.const 0.75)) (f64.add (call $window (i32.add (local.get $i) (i32.const 208))))
    (f64.mul (f64.const 0.75)) (f64.add (call $window (i32.add (local.get $i) (i32.const 232)))))

  (func $param (param $i i32) (param $n i32) (result i32)
    (i32.add (i32.load offset=256 (local.get $i)) (i32.mul (local.get $n) (i32.const 24))))

  (func $lengths (param $i i32) (result f64)
    (call $u (i32.add (local.get $i) (i32.const 4)))                  ;; id
    (f64.add (call $u (i32.add (local.get $i) (i32.const 260))))      ;; params, the second a whole number, the third a
    (f64.add (f64.convert_i64_s (i64.load offset=16 (call $param (local.get $i) (i32.const 1)))))
    (f64.add (call $b (i32.add (call $param (local.get $i) (i32.const 2)) (i32.const 16))))  ;; flag, then two texts
    (f64.add (call $u (i32.add (call $param (local.get $i) (i32.const 3)) (i32.const 20))))
    (f64.add (call $u (i32.add (call $param (local.get $i) (i32.const 4)) (i32.const 20))))
    (f64.add (call $u (i32.add (local.get $i) (i32.const 268))))      ;; state
    (f64.add (call $u (i32.add (local.get $i) (i32.const 284)))))     ;; guard-reasons

  (func (export "paced:policy/controller@0.1.0#decide") (param $i i32) (result i32)
    (if (f64.lt (f64.load offset=56 (local.get $i)) (f64.const 0))
      (then
        (i32.store8 (i32.const 2048) (i32.const 1))
        (i32.store (i32.const 2056) (i32.const 2208)) (i32.store (i32.const 2060) (i32.const 9))
        (return (i32.const 2048))))
    (call $log (i32.const 1) (i32.const 2200) (i32.const 7))
    ;; dial-ratio
    (i32.store8 (i32.const 2056) (i32.load8_u offset=120 (local.get $i)))
    (f64.store (i32.const 2064)
      (f64.add (f64.load offset=104 (local.get $i)) (f64.load offset=16 (call $param (local.get $i) (i32.const 0)))))
    ;; reason
    (i32.store (i32.const 2072) (i32.const 2200)) (i32.store (i32.const 2076) (i32.const 7))
    ;; signals
    (f64.store (i32.const 2120) (call $numbers (local.get $i)))
    (f64.store (i32.const 2136) (call $lengths (local.get $i)))
    (f64.store (i32.const 2152) (call $w (i32.add (local.get $i) (i32.const 272))))
    (i32.store (i32.const 2080) (i32.const 2112)) (i32.store (i32.const 2084) (i32.const 3))
    ;; state
    (memory.copy (i32.const 32768) (i32.load offset=264 (local.get $i)) (i32.load offset=268 (local.get $i)))
    (i32.store8 (i32.add (i32.const 32768) (i32.load offset=268 (local.get $i)))
      (i32.load8_u offset=272 (local.get $i)))
    (i32.store (i32.const 2088) (i32.const 32768))
    (i32.store (i32.const 2092) (i32.add (i32.load offset=268 (local.get $i)) (i32.const 1)))
    (i32.const 2048))

  ;; Takes over whatever it is given, from any version but 9.
  (func (export "paced:policy/controller@0.1.0#migrate") (param $from i32) (param $state i32) (param $length i32)
    (result i32)
    (i32.store8 (i32.const 2048) (i32.eq (local.get $from) (i32.const 9)))
    (i32.store (i32.const 2052) (local.get $state))
    (i32.store (i32.const 2056) (local.get $length))
    (i32.const 2048)))
