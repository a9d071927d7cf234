-- The history of one world, from the temporary table `share` (benchmarks/world.py) and the parameters that
-- benchmarks/filling.py puts in. Loaded with triggers off: what they would have done is done here, and
-- benchmarks/checking.py proves it afterwards. Rows are written in the order of time, as years of use write them, so
-- that one establishment's rows lie scattered over the whole table.

INSERT INTO catalogue_domain (id, code, label, parent_id)
SELECT n, 'DOM' || n, 'Domaine ' || n, NULL FROM generate_series(1, 12) n;

INSERT INTO catalogue_course (id, reference, title, domain_id, days, hours, mode, kind, public_price, vat_rate,
  objectives, programme, prerequisites, audience, certification)
SELECT n, 'REF' || n, (ARRAY['Python, les bases', 'Administration de PostgreSQL', 'Gestion de projet agile',
    'Cybersécurité pour les développeurs', 'Excel, perfectionnement'])[1 + n % 5] || ', module ' || n,
  1 + n % 12, 3, 21, 'on_site', 'inter', 1500, 20, '', '', '', '', ''
FROM generate_series(1, 200) n;

INSERT INTO catalogue_session (id, code, course_id, starts_on, ends_on, city, venue, link, seats, minimum, trainer, state)
SELECT (day + 2920) * %(per_day)s + n, 'SES' || ((day + 2920) * %(per_day)s + n), 1 + (day * 7 + n + 21000) % 200,
  current_date + day, current_date + day + 2, (ARRAY['Paris', 'Lyon', 'Lille', 'Nantes'])[1 + n % 4], '', '', 12, 3, '',
  CASE WHEN day < -3 THEN 'done' WHEN day < 40 THEN 'confirmed' ELSE 'open' END
FROM generate_series(-2920, 60) day, generate_series(1, %(per_day)s) n;

INSERT INTO enrolments_participant (id, company_id, owner_email, last_name, first_name, email, erp_key, decided_in_portal)
SELECT first_participant + n, company, '', (ARRAY['Martin', 'Bernard', 'Lefèvre', 'Nguyen', 'Haddad', 'Le Gall', 'Noël'])
    [1 + n % 7] || '-' || n, (ARRAY['Camille', 'Zoé', 'Sébastien', 'Inès', 'Loïc'])[1 + n % 5],
  'p' || first_participant + n || '@c' || company || '.example', 'bench-' || establishment || '-' || n, '{}'
FROM share, generate_series(0, participants - 1) n;

-- One row an order: `day` is the session's, `mix` spreads what should look like chance.
CREATE TEMPORARY TABLE ordered AS
SELECT row_number() OVER (ORDER BY placed_on, mix) AS id, *
FROM (
  SELECT *, least(current_date + day - 20 - mix % 30, current_date - 1 - mix % 20) AS placed_on
  FROM (
    SELECT share.*, rank, rank <= coming AS is_coming, (rank * 7919 + establishment * 31) % 9973 AS mix,
      CASE WHEN rank <= coming THEN 1 + (rank * 11) % 41 ELSE -4 - (rank * 7919 + establishment * 31) % 2900 END AS day
    FROM share, generate_series(1, orders) rank
  ) dated
) placed;

INSERT INTO enrolments_order (id, number, placed_on, order_email, establishment_id, declared_siret, state,
  purchase_order_number, opco, channel, decided_in_portal)
SELECT id, 'CMD' || lpad(id::text, 7, '0'), placed_on,
  CASE
    WHEN establishment = 1 AND rank % 10 = 0 THEN 'administratrice@bench.example'
    WHEN establishment = 2 AND rank % 4 = 0 THEN 'moyenne@bench.example'
    WHEN id % %(responsable_every)s = 0 THEN 'responsable@bench.example'
    ELSE 'acheteur' || rank % 20 || '@c' || company || '.example'
  END,
  establishment, '', CASE WHEN is_coming AND rank <= 6 THEN 'pending' WHEN mix % 100 = 7 THEN 'cancelled' ELSE 'validated' END,
  CASE WHEN mix % 3 = 0 THEN 'BC-' || id ELSE '' END, '', 'site', '{}'
FROM ordered ORDER BY id;

-- What staff have not attached yet: nobody's establishment, the orderer's only.
UPDATE enrolments_order SET establishment_id = NULL
WHERE order_email = 'responsable@bench.example' AND id % (%(responsable_every)s * 7) = 0;

INSERT INTO enrolments_enrolment (id, number, order_id, session_id, participant_id, state, public_price, price,
  establishment_id, order_email, starts_on, hours, participant_last_name, participant_first_name, decided_in_portal)
SELECT ordered.id * 3 - 3 + seat, 'INS' || lpad((ordered.id * 3 - 3 + seat)::text, 8, '0'), ordered.id, session.id,
  person.id,
  CASE WHEN owner.state = 'cancelled' THEN 'cancelled' WHEN is_coming THEN 'confirmed'
    WHEN mix % 30 = 3 THEN 'absent' ELSE 'present' END,
  1500, 1275, owner.establishment_id, owner.order_email, session.starts_on, 21,
  coalesce(person.last_name, ''), coalesce(person.first_name, ''), '{}'
FROM ordered
JOIN enrolments_order owner ON owner.id = ordered.id
JOIN catalogue_session session ON session.id = (day + 2920) * %(per_day)s + 1 + mix % %(per_day)s
CROSS JOIN LATERAL generate_series(1, CASE WHEN ordered.id % 3 = 0 THEN 2 ELSE 3 END) seat
LEFT JOIN enrolments_participant person
  ON owner.establishment_id IS NOT NULL AND person.id = first_participant + (rank * 3 + seat) % participants
ORDER BY ordered.id, seat;

-- Eight slots an order. Slot 8 of one order in fifty is an invoice that replaces that of slot 2.
INSERT INTO documents_document (id, type, number, issued_on, order_id, enrolment_id, session_id, establishment_id,
  order_email, file, sha256, size, amount, replaces_id, recorded_at)
SELECT (id - 1) * 8 + slot, type, upper(left(type, 4)) || lpad(((id - 1) * 8 + slot)::text, 8, '0'), issued_on,
  CASE WHEN NOT of_session THEN id END,
  CASE WHEN type IN ('convocation', 'attestation', 'evaluation') THEN id * 3 - 2 + slot % 2 END,
  session_id, establishment_id, CASE WHEN of_session THEN '' ELSE order_email END,
  %(file)s, %(sha256)s, %(size)s, CASE WHEN type = 'facture' THEN 2550 END,
  CASE WHEN slot = 8 AND type = 'facture' THEN (id - 1) * 8 + 2 END, issued_on + time '09:00'
FROM (
  SELECT *, type = 'emargement' AND establishment_id IS NOT NULL AND id % 4 = 1 AS of_session,
    least(current_date - mix % 5, CASE slot WHEN 1 THEN placed_on + 2 WHEN 2 THEN starts_on + 12
      WHEN 3 THEN starts_on - 10 WHEN 4 THEN starts_on - 10 WHEN 7 THEN placed_on + 1 WHEN 8 THEN starts_on + 15
      ELSE starts_on + 5 END) AS issued_on
  FROM (
    SELECT ordered.id, mix, slot, ordered.placed_on, owner.establishment_id, owner.order_email,
      enrolment.session_id, enrolment.starts_on,
      CASE slot WHEN 1 THEN 'convention' WHEN 2 THEN 'facture' WHEN 3 THEN 'convocation' WHEN 4 THEN 'convocation'
        WHEN 5 THEN 'attestation' WHEN 6 THEN 'attestation'
        WHEN 7 THEN (ARRAY['bon_pour_accord', 'bon_de_commande', 'prise_en_charge'])[1 + ordered.id % 3]
        ELSE CASE WHEN ordered.id % 50 = 0 THEN 'facture' WHEN ordered.id % 2 = 0 THEN 'evaluation' ELSE 'emargement' END
      END AS type
    FROM ordered
    JOIN enrolments_order owner ON owner.id = ordered.id
    JOIN enrolments_enrolment enrolment ON enrolment.id = ordered.id * 3 - 2
    CROSS JOIN generate_series(1, 8) slot
  ) slots
) papers
ORDER BY id, slot;

INSERT INTO documents_serving (document_id, requested_id, user_id, user_email, at, outcome, ip_address, user_agent)
SELECT id, id, 1 + id % %(people)s, 'p' || 1 + id % %(people)s || '@bench.example', recorded_at + interval '3 days',
  'downloaded', '192.0.2.7', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
FROM documents_document WHERE id % 5 = 0;

INSERT INTO django_session (session_key, session_data, expire_date)
SELECT md5(n::text), repeat(md5(n::text), 12), now() + interval '10 days' FROM generate_series(1, 5 * %(people)s) n;
