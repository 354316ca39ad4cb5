;; 00  ffc0             inc eax
;; 02  ffc1             inc ecx
;; 04  4839c8           cmp rax, rcx
;; 07  75f7             jne $-0x7
;; 09  c3               ret
;; registers named: rax rcx
  (func $unit (type 1) (param i32) (result i32)
    (local i32 i32 i64 i64 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 i32 i32 i64 i64 i64 i32 i64 i64 i64 i32)
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
    (local.set 5
      (i64.load offset=4104
        (i32.const 0)))
    (local.set 6
      (i64.load offset=4128
        (i32.const 0)))
    (if  ;; label = @1
      (i32.lt_s
        (local.get 1)
        (i32.const 69))
      (then
        (return
          (i32.const 0))))
    (local.set 13
      (i32.load offset=4240
        (i32.const 0)))
    (local.set 14
      (i64.load offset=4248
        (i32.const 0)))
    (local.set 15
      (i64.load offset=4256
        (i32.const 0)))
    (local.set 16
      (i32.load16_u offset=8
        (local.get 0)))
    (local.set 8
      (local.get 16))
    (block  ;; label = @1
      (block  ;; label = @2
        (block  ;; label = @3
          (block  ;; label = @4
            (block  ;; label = @5
              (br_table 0 (;@5;) 0 (;@5;) 0 (;@5;) 0 (;@5;)
                (local.get 8)))
            (loop  ;; label = @5
              (block  ;; label = @6
                (block  ;; label = @7
                  (br_table 0 (;@7;) 1 (;@6;) 0 (;@7;) 0 (;@7;)
                    (local.get 8)))
                (if  ;; label = @7
                  (i32.lt_s
                    (local.get 1)
                    (i32.const 69))
                  (then
                    (i64.store offset=4232
                      (i32.const 0)
                      (local.get 3))
                    (local.set 1
                      (i32.add
                        (local.get 1)
                        (i32.const 1)))
                    (local.set 7
                      (i32.const 2097153))
                    (br 6 (;@1;))))
                (local.set 16
                  (i32.wrap_i64
                    (local.get 4)))
                (local.set 17
                  (i32.add
                    (local.get 16)
                    (i32.const 1)))
                (local.set 4
                  (i64.extend_i32_u
                    (local.get 17)))
                (i32.store offset=4240
                  (i32.const 0)
                  (local.get 13))
                (i64.store offset=4248
                  (i32.const 0)
                  (local.get 14))
                (i64.store offset=4256
                  (i32.const 0)
                  (local.get 15))
                (local.set 18
                  (call 0))
                (local.set 9
                  (local.get 18))
                (local.set 11
                  (local.get 17))
                (local.set 1
                  (i32.sub
                    (local.get 1)
                    (i32.const 1)))
                (local.set 13
                  (i32.const 22))
                (local.set 14
                  (i64.extend_i32_u
                    (local.get 9)))
                (local.set 15
                  (i64.extend_i32_s
                    (local.get 11)))
                (br 0 (;@6;)))
              (local.set 16
                (i32.wrap_i64
                  (local.get 5)))
              (local.set 17
                (i32.add
                  (local.get 16)
                  (i32.const 1)))
              (local.set 5
                (i64.extend_i32_u
                  (local.get 17)))
              (i32.store offset=4240
                (i32.const 0)
                (local.get 13))
              (i64.store offset=4248
                (i32.const 0)
                (local.get 14))
              (i64.store offset=4256
                (i32.const 0)
                (local.get 15))
              (local.set 18
                (call 0))
              (local.set 9
                (local.get 18))
              (local.set 11
                (local.get 17))
              (local.set 10
                (local.get 4))
              (local.set 12
                (local.get 5))
              (if  ;; label = @6
                (i32.eqz
                  (i64.eq
                    (local.get 10)
                    (local.get 12)))
                (then
                  (local.set 1
                    (i32.sub
                      (local.get 1)
                      (i32.const 3)))
                  (local.set 13
                    (i32.const 7))
                  (local.set 14
                    (local.get 10))
                  (local.set 15
                    (local.get 12))
                  (local.set 8
                    (i32.const 0))
                  (br 1 (;@5;))))
              (local.set 1
                (i32.sub
                  (local.get 1)
                  (i32.const 3)))
              (br 1 (;@4;))
              (unreachable)))
          (local.set 19
            (local.get 6))
          (local.set 20
            (local.get 19))
          (local.set 16
            (i32.wrap_i64
              (local.get 20)))
          (local.set 17
            (i32.add
              (i32.and
                (i32.shr_u
                  (local.get 16)
                  (i32.const 8))
                (i32.const 16368))
              (local.get 2)))
          (local.set 21
            (i64.load
              (local.get 17)))
          (local.set 18
            (i32.load offset=8
              (local.get 17)))
          (if  ;; label = @4
            (i32.eqz
              (i64.eq
                (local.get 21)
                (i64.and
                  (i64.add
                    (local.get 20)
                    (i64.const 7))
                  (i64.const -4096))))
            (then
              (local.set 1
                (i32.add
                  (local.get 1)
                  (i32.const 4)))
              (local.set 7
                (i32.const 2097248))
              (br 1 (;@3;))))
          (local.set 22
            (i32.add
              (local.get 18)
              (local.get 16)))
          (local.set 23
            (i64.load align=1
              (local.get 22)))
          (local.set 24
            (i64.add
              (local.get 19)
              (i64.const 8)))
          (local.set 25
            (local.get 23))
          (if  ;; label = @4
            (i64.gt_u
              (i64.sub
                (local.get 25)
                (local.get 3))
              (i64.const 4095))
            (then
              (local.set 26
                (i32.load offset=5400
                  (i32.const 0)))
              (if  ;; label = @5
                (i64.ne
                  (i64.shr_s
                    (i64.shl
                      (local.get 25)
                      (i64.extend_i32_u
                        (local.get 26)))
                    (i64.extend_i32_u
                      (local.get 26)))
                  (local.get 25))
                (then
                  (i32.store offset=5404
                    (i32.const 0)
                    (i32.const 13))
                  (i32.store offset=5408
                    (i32.const 0)
                    (i32.const 0))
                  (local.set 1
                    (i32.add
                      (local.get 1)
                      (i32.const 4)))
                  (local.set 7
                    (i32.const 2097282))
                  (br 2 (;@3;))))))
          (local.set 6
            (local.get 24))
          (i64.store offset=4232
            (i32.const 0)
            (local.get 25))
          (local.set 1
            (i32.add
              (local.get 1)
              (i32.const 4)))
          (local.set 7
            (i32.const 2097281))
          (br 0 (;@3;))
          (unreachable))
        (local.set 13
          (i32.const 7))
        (local.set 14
          (local.get 10))
        (local.set 15
          (local.get 12))
        (br 1 (;@1;)))
      (local.set 13
        (i32.const 22))
      (local.set 14
        (i64.extend_i32_u
          (local.get 9)))
      (local.set 15
        (i64.extend_i32_s
          (local.get 11)))
      (br 0 (;@1;)))
    (i32.store offset=5376
      (i32.const 0)
      (local.get 1))
    (i64.store offset=4096
      (i32.const 0)
      (local.get 4))
    (i64.store offset=4104
      (i32.const 0)
      (local.get 5))
    (i64.store offset=4128
      (i32.const 0)
      (local.get 6))
    (i32.store offset=4240
      (i32.const 0)
      (local.get 13))
    (i64.store offset=4248
      (i32.const 0)
      (local.get 14))
    (i64.store offset=4256
      (i32.const 0)
      (local.get 15))
    (i32.store offset=5396
      (i32.const 0)
      (i32.and
        (local.get 7)
        (i32.const -32)))
    (i32.and
      (local.get 7)
      (i32.const 31)))
  (export "unit" (func 1)))
