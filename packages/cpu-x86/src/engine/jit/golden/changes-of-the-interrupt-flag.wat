;; 00  9c               pushfq
;; 01  fa               cli
;; 02  fb               sti
;; 03  9d               popfq
;; 04  c3               ret
;; registers named: 
  (func $unit (type 1) (param i32) (result i32)
    (local i32 i32 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 i32 i32 i64 i64 i64 i64 i32 i32 i64 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32)
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
      (i64.load offset=4128
        (i32.const 0)))
    (if  ;; label = @1
      (i32.lt_s
        (local.get 1)
        (i32.const 69))
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
          (i32.load offset=4264
            (i32.const 0)))
        (i32.store offset=4240
          (i32.const 0)
          (local.get 11))
        (i64.store offset=4248
          (i32.const 0)
          (local.get 12))
        (i64.store offset=4256
          (i32.const 0)
          (local.get 13))
        (local.set 15
          (call 0))
        (local.set 16
          (i32.or
            (i32.or
              (local.get 15)
              (i32.and
                (local.get 14)
                (i32.const -65537)))
            (i32.const 2)))
        (local.set 17
          (local.get 4))
        (local.set 18
          (i64.sub
            (local.get 17)
            (i64.const 8)))
        (local.set 19
          (i64.extend_i32_u
            (i32.and
              (local.get 16)
              (i32.const -131073))))
        (local.set 20
          (local.get 18))
        (local.set 21
          (i32.wrap_i64
            (local.get 20)))
        (local.set 22
          (i32.add
            (i32.and
              (i32.shr_u
                (local.get 21)
                (i32.const 8))
              (i32.const 16368))
            (local.get 2)))
        (local.set 23
          (i64.load offset=16384
            (local.get 22)))
        (local.set 24
          (i32.load offset=16392
            (local.get 22)))
        (if  ;; label = @3
          (i32.eqz
            (i64.eq
              (local.get 23)
              (i64.and
                (i64.add
                  (local.get 20)
                  (i64.const 7))
                (i64.const -4096))))
          (then
            (local.set 1
              (local.get 1))
            (local.set 5
              (i32.const 2097120))
            (br 2 (;@1;))))
        (local.set 25
          (i32.add
            (local.get 24)
            (local.get 21)))
        (i64.store align=1
          (local.get 25)
          (local.get 19))
        (local.set 4
          (local.get 18))
        (local.set 14
          (i32.load offset=4264
            (i32.const 0)))
        (local.set 15
          (i32.load offset=4268
            (i32.const 0)))
        (if  ;; label = @3
          (i32.gt_u
            (local.get 15)
            (i32.and
              (i32.shr_u
                (local.get 14)
                (i32.const 12))
              (i32.const 3)))
          (then
            (local.set 1
              (local.get 1))
            (local.set 5
              (i32.const 2097152))
            (br 2 (;@1;))))
        (local.set 16
          (i32.load offset=4264
            (i32.const 0)))
        (i32.store offset=4264
          (i32.const 0)
          (i32.and
            (local.get 16)
            (i32.const -513)))
        (local.set 14
          (i32.load offset=4264
            (i32.const 0)))
        (local.set 15
          (i32.load offset=4268
            (i32.const 0)))
        (if  ;; label = @3
          (i32.gt_u
            (local.get 15)
            (i32.and
              (i32.shr_u
                (local.get 14)
                (i32.const 12))
              (i32.const 3)))
          (then
            (local.set 1
              (local.get 1))
            (local.set 5
              (i32.const 2097184))
            (br 2 (;@1;))))
        (local.set 16
          (i32.load offset=4264
            (i32.const 0)))
        (local.set 21
          (i32.and
            (local.get 16)
            (i32.const 512)))
        (if  ;; label = @3
          (i32.eqz
            (local.get 21))
          (then
            (local.set 22
              (i32.load offset=4264
                (i32.const 0)))
            (i32.store offset=4264
              (i32.const 0)
              (i32.or
                (local.get 22)
                (i32.const 512)))
            (local.set 24
              (i32.load offset=5412
                (i32.const 0)))
            (if  ;; label = @4
              (i32.or
                (local.get 24)
                (i32.const 0))
              (then
                (i32.store offset=4276
                  (i32.const 0)
                  (i32.const 1))
                (local.set 17
                  (i64.add
                    (local.get 3)
                    (i64.const 3)))
                (local.set 25
                  (select
                    (i32.const 3)
                    (i32.const 1)
                    (i32.const 1)))
                (i64.store offset=4232
                  (i32.const 0)
                  (local.get 17))
                (local.set 1
                  (local.get 1))
                (local.set 5
                  (i32.or
                    (i32.const 2097216)
                    (local.get 25)))
                (br 3 (;@1;))))))
        (local.set 17
          (local.get 4))
        (local.set 18
          (local.get 17))
        (local.set 14
          (i32.wrap_i64
            (local.get 18)))
        (local.set 15
          (i32.add
            (i32.and
              (i32.shr_u
                (local.get 14)
                (i32.const 8))
              (i32.const 16368))
            (local.get 2)))
        (local.set 19
          (i64.load
            (local.get 15)))
        (local.set 16
          (i32.load offset=8
            (local.get 15)))
        (if  ;; label = @3
          (i32.eqz
            (i64.eq
              (local.get 19)
              (i64.and
                (i64.add
                  (local.get 18)
                  (i64.const 7))
                (i64.const -4096))))
          (then
            (local.set 1
              (local.get 1))
            (local.set 5
              (i32.const 2097216))
            (br 2 (;@1;))))
        (local.set 21
          (i32.add
            (local.get 16)
            (local.get 14)))
        (local.set 20
          (i64.load align=1
            (local.get 21)))
        (local.set 23
          (i64.add
            (local.get 17)
            (i64.const 8)))
        (local.set 22
          (i32.wrap_i64
            (local.get 20)))
        (local.set 24
          (i32.load offset=4264
            (i32.const 0)))
        (local.set 25
          (i32.load offset=4268
            (i32.const 0)))
        (local.set 26
          (i32.load offset=4268
            (i32.const 0)))
        (local.set 27
          (select
            (select
              (i32.const 2379221)
              (i32.const 2379733)
              (i32.gt_u
                (local.get 25)
                (i32.and
                  (i32.shr_u
                    (local.get 24)
                    (i32.const 12))
                  (i32.const 3))))
            (i32.const 2392021)
            (local.get 26)))
        (local.set 28
          (i32.load offset=4264
            (i32.const 0)))
        (local.set 29
          (i32.or
            (i32.and
              (local.get 28)
              (i32.xor
                (i32.or
                  (local.get 27)
                  (i32.const 65536))
                (i32.const -1)))
            (i32.and
              (i32.and
                (local.get 22)
                (local.get 27))
              (i32.const -2262))))
        (local.set 4
          (local.get 23))
        (local.set 30
          (i32.and
            (local.get 22)
            (i32.const 2261)))
        (local.set 7
          (local.get 30))
        (i32.store offset=4264
          (i32.const 0)
          (local.get 29))
        (local.set 31
          (i32.xor
            (local.get 28)
            (local.get 29)))
        (local.set 32
          (i32.load offset=5412
            (i32.const 0)))
        (local.set 33
          (i32.or
            (i32.and
              (i32.ne
                (i32.and
                  (i32.and
                    (local.get 31)
                    (local.get 29))
                  (i32.const 512))
                (i32.const 0))
              (local.get 32))
            (i32.ne
              (i32.and
                (local.get 29)
                (i32.const 256))
              (i32.const 0))))
        (local.set 34
          (i32.and
            (local.get 31)
            (i32.const 262144)))
        (if  ;; label = @3
          (i32.or
            (local.get 33)
            (local.get 34))
          (then
            (local.set 35
              (i64.add
                (local.get 3)
                (i64.const 4)))
            (local.set 36
              (i32.or
                (select
                  (i32.const 3)
                  (i32.const 1)
                  (local.get 33))
                (select
                  (i32.const 4)
                  (i32.const 0)
                  (local.get 34))))
            (i64.store offset=4232
              (i32.const 0)
              (local.get 35))
            (local.set 1
              (local.get 1))
            (local.set 5
              (i32.or
                (i32.const 2097248)
                (local.get 36)))
            (br 1 (;@2;))))
        (local.set 17
          (local.get 4))
        (local.set 18
          (local.get 17))
        (local.set 14
          (i32.wrap_i64
            (local.get 18)))
        (local.set 15
          (i32.add
            (i32.and
              (i32.shr_u
                (local.get 14)
                (i32.const 8))
              (i32.const 16368))
            (local.get 2)))
        (local.set 19
          (i64.load
            (local.get 15)))
        (local.set 16
          (i32.load offset=8
            (local.get 15)))
        (if  ;; label = @3
          (i32.eqz
            (i64.eq
              (local.get 19)
              (i64.and
                (i64.add
                  (local.get 18)
                  (i64.const 7))
                (i64.const -4096))))
          (then
            (local.set 1
              (local.get 1))
            (local.set 5
              (i32.const 2097248))
            (br 1 (;@2;))))
        (local.set 21
          (i32.add
            (local.get 16)
            (local.get 14)))
        (local.set 20
          (i64.load align=1
            (local.get 21)))
        (local.set 23
          (i64.add
            (local.get 17)
            (i64.const 8)))
        (local.set 35
          (local.get 20))
        (if  ;; label = @3
          (i64.gt_u
            (i64.sub
              (local.get 35)
              (local.get 3))
            (i64.const 4095))
          (then
            (local.set 22
              (i32.load offset=5400
                (i32.const 0)))
            (if  ;; label = @4
              (i64.ne
                (i64.shr_s
                  (i64.shl
                    (local.get 35)
                    (i64.extend_i32_u
                      (local.get 22)))
                  (i64.extend_i32_u
                    (local.get 22)))
                (local.get 35))
              (then
                (i32.store offset=5404
                  (i32.const 0)
                  (i32.const 13))
                (i32.store offset=5408
                  (i32.const 0)
                  (i32.const 0))
                (local.set 1
                  (local.get 1))
                (local.set 5
                  (i32.const 2097282))
                (br 2 (;@2;))))))
        (local.set 4
          (local.get 23))
        (i64.store offset=4232
          (i32.const 0)
          (local.get 35))
        (local.set 1
          (local.get 1))
        (local.set 5
          (i32.const 2097281))
        (br 0 (;@2;))
        (unreachable))
      (local.set 11
        (i32.const 0))
      (local.set 12
        (i64.extend_i32_u
          (local.get 7)))
      (br 0 (;@1;)))
    (i32.store offset=5376
      (i32.const 0)
      (local.get 1))
    (i64.store offset=4128
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
