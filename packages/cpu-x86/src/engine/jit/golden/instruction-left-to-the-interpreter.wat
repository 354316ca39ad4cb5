;; 00  ffc0             inc eax
;; 02  0fa2             cpuid
;; 04  ffc0             inc eax
;; 06  ebf8             jmp $-0x6
;; registers named: rax
  (func $unit (type 1) (param i32) (result i32)
    (local i32 i32 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 i32 i32)
    (local.set 1
      (i32.load offset=5376
        (i32.const 0)))
    (local.set 2
      (i32.load offset=5380
        (i32.const 0)))
    (local.set 3
      (i64.load offset=5384
        (i32.const 0)))
    (local.set 4
      (i64.load offset=4096
        (i32.const 0)))
    (if  ;; label = @1
      (i32.lt_s
        (local.get 1)
        (i32.const 65))
      (then
        (return
          (i32.const 0))))
    (local.set 11
      (i32.load offset=4240
        (i32.const 0)))
    (local.set 12
      (i64.load offset=4248
        (i32.const 0)))
    (local.set 13
      (i64.load offset=4256
        (i32.const 0)))
    (local.set 14
      (i32.load16_u offset=8
        (local.get 0)))
    (local.set 6
      (local.get 14))
    (block  ;; label = @1
      (block  ;; label = @2
        (block  ;; label = @3
          (br 0 (;@3;)))
        (local.set 14
          (i32.wrap_i64
            (local.get 4)))
        (local.set 15
          (i32.add
            (local.get 14)
            (i32.const 1)))
        (local.set 4
          (i64.extend_i32_u
            (local.get 15)))
        (i32.store offset=4240
          (i32.const 0)
          (local.get 11))
        (i64.store offset=4248
          (i32.const 0)
          (local.get 12))
        (i64.store offset=4256
          (i32.const 0)
          (local.get 13))
        (local.set 16
          (call 0))
        (local.set 7
          (local.get 16))
        (local.set 9
          (local.get 15))
        (local.set 1
          (local.get 1))
        (local.set 5
          (i32.const 2097152))
        (br 0 (;@2;))
        (unreachable))
      (local.set 11
        (i32.const 22))
      (local.set 12
        (i64.extend_i32_u
          (local.get 7)))
      (local.set 13
        (i64.extend_i32_s
          (local.get 9)))
      (br 0 (;@1;)))
    (i32.store offset=5376
      (i32.const 0)
      (local.get 1))
    (i64.store offset=4096
      (i32.const 0)
      (local.get 4))
    (i32.store offset=4240
      (i32.const 0)
      (local.get 11))
    (i64.store offset=4248
      (i32.const 0)
      (local.get 12))
    (i64.store offset=4256
      (i32.const 0)
      (local.get 13))
    (i32.store offset=5396
      (i32.const 0)
      (i32.and
        (local.get 5)
        (i32.const -32)))
    (i32.and
      (local.get 5)
      (i32.const 31)))
  (export "unit" (func 1)))
