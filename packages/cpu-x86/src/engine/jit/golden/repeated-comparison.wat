;; 00  f3a6             repe cmpsb byte ptr [rsi], byte ptr es:[rdi]
;; 02  7402             je $+0x4
;; 04  ffc0             inc eax
;; 06  c3               ret
;; registers named: rax rsi rdi
  (func $unit (type 0) (param i32) (result i32)
    (local i32 i32 i64 i64 i64 i64 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 i64 i64 i32 i64 i32 i32 i32 i64 i64 i32 i32 i64 i32 i32 i32 i32 i32 i64 i64 i64 i32 i64 i32)
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
    (local.set 7
      (i64.load offset=4144
        (i32.const 0)))
    (local.set 8
      (i64.load offset=4152
        (i32.const 0)))
    (if  ;; label = @1
      (i32.lt_s
        (local.get 1)
        (i32.const 68))
      (then
        (return
          (i32.const 0))))
    (local.set 15
      (i32.load offset=4240
        (i32.const 0)))
    (local.set 16
      (i64.load offset=4248
        (i32.const 0)))
    (local.set 17
      (i64.load offset=4256
        (i32.const 0)))
    (local.set 18
      (i32.load16_u offset=8
        (local.get 0)))
    (local.set 10
      (local.get 18))
    (block  ;; label = @1
      (block  ;; label = @2
        (block  ;; label = @3
          (block  ;; label = @4
            (block  ;; label = @5
              (block  ;; label = @6
                (br 0 (;@6;)))
              (if  ;; label = @6
                (i64.ne
                  (local.get 5)
                  (i64.const 0))
                (then
                  (block  ;; label = @7
                    (loop  ;; label = @8
                      (local.set 19
                        (local.get 8))
                      (local.set 20
                        (local.get 19))
                      (local.set 18
                        (i32.wrap_i64
                          (local.get 20)))
                      (local.set 21
                        (i32.add
                          (i32.and
                            (i32.shr_u
                              (local.get 18)
                              (i32.const 8))
                            (i32.const 16368))
                          (local.get 2)))
                      (local.set 22
                        (i64.load
                          (local.get 21)))
                      (local.set 23
                        (i32.load offset=8
                          (local.get 21)))
                      (if  ;; label = @9
                        (i32.eqz
                          (i64.eq
                            (local.get 22)
                            (i64.and
                              (local.get 20)
                              (i64.const -4096))))
                        (then
                          (local.set 1
                            (local.get 1))
                          (local.set 9
                            (i32.const 2097120))
                          (br 8 (;@1;))))
                      (local.set 24
                        (i32.add
                          (local.get 23)
                          (local.get 18)))
                      (local.set 25
                        (i32.load8_u
                          (local.get 24)))
                      (local.set 26
                        (local.get 7))
                      (local.set 27
                        (local.get 26))
                      (local.set 28
                        (i32.wrap_i64
                          (local.get 27)))
                      (local.set 29
                        (i32.add
                          (i32.and
                            (i32.shr_u
                              (local.get 28)
                              (i32.const 8))
                            (i32.const 16368))
                          (local.get 2)))
                      (local.set 30
                        (i64.load
                          (local.get 29)))
                      (local.set 31
                        (i32.load offset=8
                          (local.get 29)))
                      (if  ;; label = @9
                        (i32.eqz
                          (i64.eq
                            (local.get 30)
                            (i64.and
                              (local.get 27)
                              (i64.const -4096))))
                        (then
                          (local.set 1
                            (local.get 1))
                          (local.set 9
                            (i32.const 2097120))
                          (br 8 (;@1;))))
                      (local.set 32
                        (i32.add
                          (local.get 31)
                          (local.get 28)))
                      (local.set 33
                        (i32.load8_u
                          (local.get 32)))
                      (local.set 34
                        (i32.load offset=4264
                          (i32.const 0)))
                      (local.set 35
                        (i32.and
                          (local.get 34)
                          (i32.const 1024)))
                      (local.set 36
                        (select
                          (i64.const -1)
                          (i64.const 1)
                          (local.get 35)))
                      (local.set 37
                        (local.get 7))
                      (local.set 7
                        (i64.add
                          (local.get 37)
                          (local.get 36)))
                      (local.set 38
                        (local.get 8))
                      (local.set 8
                        (i64.add
                          (local.get 38)
                          (local.get 36)))
                      (local.set 39
                        (i32.ne
                          (local.get 33)
                          (local.get 25)))
                      (local.set 40
                        (i64.sub
                          (local.get 5)
                          (i64.const 1)))
                      (local.set 5
                        (local.get 40))
                      (br_if 1 (;@7;)
                        (local.get 39))
                      (br_if 1 (;@7;)
                        (i64.eqz
                          (local.get 40)))
                      (local.set 41
                        (i32.sub
                          (local.get 1)
                          (i32.const 1)))
                      (if  ;; label = @9
                        (i32.le_s
                          (local.get 41)
                          (i32.const 0))
                        (then
                          (i32.store offset=5448
                            (i32.const 0)
                            (i32.const 1))
                          (i64.store offset=4232
                            (i32.const 0)
                            (local.get 3))
                          (local.set 1
                            (local.get 1))
                          (local.set 9
                            (i32.const 2097153))
                          (br 8 (;@1;))))
                      (local.set 1
                        (i32.sub
                          (local.get 1)
                          (i32.const 1)))
                      (br 0 (;@8;))))
                  (local.set 11
                    (local.get 33))
                  (local.set 13
                    (local.get 25))
                  (local.set 15
                    (i32.const 4))
                  (local.set 16
                    (i64.extend_i32_s
                      (i32.extend8_s
                        (local.get 11))))
                  (local.set 17
                    (i64.extend_i32_s
                      (i32.extend8_s
                        (local.get 13))))))
              (local.set 1
                (i32.sub
                  (local.get 1)
                  (i32.const 1)))
              (br 0 (;@5;)))
            (if  ;; label = @5
              (i32.lt_s
                (local.get 1)
                (i32.const 68))
              (then
                (i64.store offset=4232
                  (i32.const 0)
                  (i64.add
                    (local.get 3)
                    (i64.const 2)))
                (local.set 1
                  (i32.add
                    (local.get 1)
                    (i32.const 2)))
                (local.set 9
                  (i32.const 2097185))
                (br 4 (;@1;))))
            (i32.store offset=4240
              (i32.const 0)
              (local.get 15))
            (i64.store offset=4248
              (i32.const 0)
              (local.get 16))
            (i64.store offset=4256
              (i32.const 0)
              (local.get 17))
            (local.set 18
              (call 0
                (i32.const 4)))
            (if  ;; label = @5
              (local.get 18)
              (then
                (local.set 1
                  (i32.sub
                    (local.get 1)
                    (i32.const 1)))
                (br 2 (;@3;))))
            (local.set 1
              (i32.sub
                (local.get 1)
                (i32.const 1)))
            (br 0 (;@4;)))
          (local.set 18
            (i32.wrap_i64
              (local.get 4)))
          (local.set 21
            (i32.add
              (local.get 18)
              (i32.const 1)))
          (local.set 4
            (i64.extend_i32_u
              (local.get 21)))
          (i32.store offset=4240
            (i32.const 0)
            (local.get 15))
          (i64.store offset=4248
            (i32.const 0)
            (local.get 16))
          (i64.store offset=4256
            (i32.const 0)
            (local.get 17))
          (local.set 23
            (call 1))
          (local.set 11
            (local.get 23))
          (local.set 13
            (local.get 21))
          (local.set 1
            (i32.sub
              (local.get 1)
              (i32.const 1)))
          (local.set 15
            (i32.const 22))
          (local.set 16
            (i64.extend_i32_u
              (local.get 11)))
          (local.set 17
            (i64.extend_i32_s
              (local.get 13)))
          (br 0 (;@3;)))
        (local.set 19
          (local.get 6))
        (local.set 20
          (local.get 19))
        (local.set 18
          (i32.wrap_i64
            (local.get 20)))
        (local.set 21
          (i32.add
            (i32.and
              (i32.shr_u
                (local.get 18)
                (i32.const 8))
              (i32.const 16368))
            (local.get 2)))
        (local.set 22
          (i64.load
            (local.get 21)))
        (local.set 23
          (i32.load offset=8
            (local.get 21)))
        (if  ;; label = @3
          (i32.eqz
            (i64.eq
              (local.get 22)
              (i64.and
                (i64.add
                  (local.get 20)
                  (i64.const 7))
                (i64.const -4096))))
          (then
            (local.set 1
              (i32.add
                (local.get 1)
                (i32.const 3)))
            (local.set 9
              (i32.const 2097216))
            (br 2 (;@1;))))
        (local.set 24
          (i32.add
            (local.get 23)
            (local.get 18)))
        (local.set 26
          (i64.load align=1
            (local.get 24)))
        (local.set 27
          (i64.add
            (local.get 19)
            (i64.const 8)))
        (local.set 30
          (local.get 26))
        (if  ;; label = @3
          (i64.gt_u
            (i64.sub
              (local.get 30)
              (local.get 3))
            (i64.const 4095))
          (then
            (local.set 25
              (i32.load offset=5400
                (i32.const 0)))
            (if  ;; label = @4
              (i64.ne
                (i64.shr_s
                  (i64.shl
                    (local.get 30)
                    (i64.extend_i32_u
                      (local.get 25)))
                  (i64.extend_i32_u
                    (local.get 25)))
                (local.get 30))
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
                    (i32.const 3)))
                (local.set 9
                  (i32.const 2097250))
                (br 3 (;@1;))))))
        (local.set 6
          (local.get 27))
        (i64.store offset=4232
          (i32.const 0)
          (local.get 30))
        (local.set 1
          (i32.add
            (local.get 1)
            (i32.const 3)))
        (local.set 9
          (i32.const 2097249))
        (br 1 (;@1;))
        (unreachable))
      (local.set 15
        (i32.const 22))
      (local.set 16
        (i64.extend_i32_u
          (local.get 11)))
      (local.set 17
        (i64.extend_i32_s
          (local.get 13)))
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
    (i64.store offset=4144
      (i32.const 0)
      (local.get 7))
    (i64.store offset=4152
      (i32.const 0)
      (local.get 8))
    (i32.store offset=4240
      (i32.const 0)
      (local.get 15))
    (i64.store offset=4248
      (i32.const 0)
      (local.get 16))
    (i64.store offset=4256
      (i32.const 0)
      (local.get 17))
    (i32.store offset=5396
      (i32.const 0)
      (i32.and
        (local.get 9)
        (i32.const -32)))
    (i32.and
      (local.get 9)
      (i32.const 31)))
  (export "unit" (func 2)))
